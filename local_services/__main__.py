"""`python -m local_services`: a PagerDuty and a Zoom to try declarations with; prints the settings that lead there."""

import threading

from local_services import LocalPagerDuty, LocalZoom


def main() -> None:
    pager, zoom = LocalPagerDuty(), LocalZoom()
    pager.port, zoom.port = 8101, 8102
    with pager, zoom:
        print(
            f"PAGERDUTY_EVENTS_URL={pager.events_url}  PAGERDUTY_ROUTING_KEY={'R' * 32}  PAGERDUTY_DRILL_KEY={'D' * 32}"
        )
        print(f"ZOOM_TOKEN_URL={zoom.token_url}  ZOOM_API_URL={zoom.api_url}")
        print(
            f"ZOOM_ACCOUNT_ID={zoom.account}  ZOOM_CLIENT_ID={zoom.client}  ZOOM_CLIENT_SECRET={zoom.secret}",
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("\nStopped.")


if __name__ == "__main__":
    main()
