"""The project's own PagerDuty and Zoom for trying and testing: they check what they get, and can fail in every way."""

from local_services.pagerduty import LocalPagerDuty
from local_services.zoom import LocalZoom

__all__ = ["LocalPagerDuty", "LocalZoom"]
