"""`python -m local_services`: a PagerDuty and a Zoom to try declarations with; prints the settings that lead there."""

import threading

from local_services import LocalPagerDuty, LocalZoom


def main() -> None:
    pager, zoom = LocalPagerDuty(), LocalZoom()
    pager.port, zoom.port = 8101, 8102
    settings = {
        "PAGERDUTY_EVENTS_URL": "http://127.0.0.1:8101/v2/enqueue",
        "PAGERDUTY_ROUTING_KEY": "R" * 32,
        "PAGERDUTY_DRILL_KEY": "D" * 32,
        "ZOOM_TOKEN_URL": "http://127.0.0.1:8102/oauth/token",
        "ZOOM_API_URL": "http://127.0.0.1:8102/v2/",
        "ZOOM_ACCOUNT_ID": zoom.account,
        "ZOOM_CLIENT_ID": zoom.client,
        "ZOOM_CLIENT_SECRET": zoom.secret,
    }
    with pager, zoom:
        print(" \\\n".join(f"{name}={value}" for name, value in settings.items()), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("\nStopped.")


if __name__ == "__main__":
    main()
