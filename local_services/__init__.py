"""The project's own PagerDuty, Zoom and Google Meet to try and test with: they check what they get, and can fail."""

from local_services.meet import LocalMeet
from local_services.pagerduty import LocalPagerDuty
from local_services.zoom import LocalZoom

__all__ = ["LocalMeet", "LocalPagerDuty", "LocalZoom"]
