"""The project's own local Slack: it checks requests as Slack does, and shows its channels on a page."""

from local_slack.server import LocalSlack

__all__ = ["LocalSlack"]
