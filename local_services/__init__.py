"""The project's own PagerDuty, Zoom, Google Meet, Confluence to try and test with: they check, and can fail."""

from local_services.confluence import LocalConfluence
from local_services.meet import LocalMeet
from local_services.pagerduty import LocalPagerDuty
from local_services.zoom import LocalZoom

__all__ = ["LocalConfluence", "LocalMeet", "LocalPagerDuty", "LocalZoom"]
