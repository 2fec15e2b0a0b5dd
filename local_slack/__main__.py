"""`python -m local_slack`: runs until it is interrupted."""

import argparse
import signal
import threading

from local_slack.server import LocalSlack


def main() -> None:
    """Starts, says what to use and where to look, and waits."""
    parser = argparse.ArgumentParser(prog="local_slack", description="A Slack of one's own, for trying Noroshi.")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--interactions", default="http://127.0.0.1:8000/slack/interactions", help="where clicks go")
    parser.add_argument("--commands", default="http://127.0.0.1:8000/slack/commands", help="where commands go")
    parser.add_argument("--events", default="http://127.0.0.1:8000/slack/events", help="where events go")
    parser.add_argument("--rate-limits", action="store_true", help="answer 429 as Slack does")
    given = parser.parse_args()
    slack = LocalSlack(
        port=given.port, interactions=given.interactions, commands=given.commands, events=given.events,
        rate_limits=given.rate_limits,
    )  # fmt: skip
    over = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: over.set())
    with slack:
        print(f"Local Slack: {slack.url}  (channels, messages, the last API calls)")
        print("Run the portal against it with:")
        names = f"SLACK_BOT_TOKEN={slack.token} SLACK_SIGNING_SECRET={slack.signing_secret}"
        print(f"  SLACK_API_URL={slack.api_url} {names} make run")
        print(f"Buttons and modals are sent to {given.interactions},")
        print(f"commands to {given.commands}, events to {given.events}", flush=True)
        over.wait()


if __name__ == "__main__":
    main()
