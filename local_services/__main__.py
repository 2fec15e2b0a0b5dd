"""`python -m local_services [meet]`: a PagerDuty and a Zoom (or Google Meet) to try declarations with; prints the
settings that lead there.
"""

import sys
import threading

from local_services import LocalConfluence, LocalMeet, LocalPagerDuty, LocalZoom


def main() -> None:
    pager, zoom, meet = LocalPagerDuty(), LocalZoom(), LocalMeet()
    pager.port, zoom.port, meet.port = 8101, 8102, 8103
    settings = {
        "PAGERDUTY_EVENTS_URL": "http://127.0.0.1:8101/v2/enqueue",
        "PAGERDUTY_ROUTING_KEY": "R" * 32,
        "PAGERDUTY_DRILL_KEY": "D" * 32,
    }
    zooms = {
        "ZOOM_TOKEN_URL": "http://127.0.0.1:8102/oauth/token",
        "ZOOM_API_URL": "http://127.0.0.1:8102/v2/",
        "ZOOM_ACCOUNT_ID": zoom.account,
        "ZOOM_CLIENT_ID": zoom.client,
        "ZOOM_CLIENT_SECRET": zoom.secret,
    }
    meets = {
        "GOOGLE_TOKEN_URL": "http://127.0.0.1:8103/token",
        "GOOGLE_MEET_URL": "http://127.0.0.1:8103/v2/",
        "GOOGLE_CLIENT_ID": meet.client,
        "GOOGLE_CLIENT_SECRET": meet.secret,
        "GOOGLE_REFRESH_TOKEN": meet.refresh,
    }
    wiki = LocalConfluence()
    wiki.port = 8104
    settings |= {
        "CONFLUENCE_URL": "http://127.0.0.1:8104",
        "CONFLUENCE_USER": wiki.user,
        "CONFLUENCE_TOKEN": wiki.token,
        "CONFLUENCE_SPACE_ID": wiki.space,
    }
    settings |= meets if "meet" in sys.argv[1:] else zooms
    with pager, zoom, meet, wiki:
        print(" \\\n".join(f"{name}={value}" for name, value in settings.items()), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("\nStopped.")


if __name__ == "__main__":
    main()
