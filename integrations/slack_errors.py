"""What Slack's refusals mean: try again, or stop and say to an administrator, in words, what to do."""

import re
from http.client import HTTPException
from socket import gaierror
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from domain.outbox import DeliveryError
from integrations.wording import Wording

GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message"})
TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
CHANNEL = frozenset({"channel_not_found", "is_archived", "not_in_channel", "channel_is_archived"})
RIGHTS = frozenset(
    {
        "missing_scope", "no_permission", "restricted_action", "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel",
        "ekm_access_denied", "access_denied", "org_login_required", "team_access_not_granted",
    }
)  # fmt: skip
CONTENT = frozenset(
    {
        "invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text",
        "metadata_too_large", "invalid_metadata_format", "invalid_arguments", "edit_window_closed",
    }
)  # fmt: skip
PERSON = frozenset(
    {
        "user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot", "invalid_users",
        "invalid_user", "single_channel_guests_cannot_be_added", "user_is_restricted", "user_is_ultra_restricted",
    }
)  # fmt: skip
GROUP = frozenset({"no_such_subteam", "subteam_not_found", "permission_denied", "plan_upgrade_required"})
WAIT_UNTOLD = 30.0
"""Seconds to wait after a 429 that does not say how long."""


def classify(error: Exception, acting: bool, wording: Wording) -> DeliveryError:
    """The outbox's word for what went wrong. `acting`: the call may have had its effect before it failed."""
    if isinstance(error, SlackApiError):
        return _refused(error, acting, wording)
    _ = wording.gettext
    if _never_arrived(error):
        return DeliveryError(_("Slack cannot be reached. We keep trying."))
    if isinstance(error, (OSError, HTTPException, SlackClientError, UnicodeDecodeError)):
        return DeliveryError(_("Slack did not answer in time, or not completely. We keep trying."), ambiguous=acting)
    raise error


def _never_arrived(error: Exception) -> bool:
    """Whether the connection was not even made: then nothing can have happened at the other side."""
    cause = error.reason if isinstance(error, URLError) else error
    return isinstance(cause, (ConnectionRefusedError, gaierror))


def _refused(error: SlackApiError, acting: bool, wording: Wording) -> DeliveryError:
    _ = wording.gettext
    status, code = int(error.response.status_code or 0), str(error.response.get("error") or "")
    if status == 429 or code in ("ratelimited", "rate_limited", "message_limit_exceeded"):
        return DeliveryError(_("Slack asks us to slow down. We keep trying."), retry_after=_asked(error))
    if permanent := _permanent(code, str(error.response.get("needed") or ""), wording):
        return DeliveryError(permanent, permanent=True)
    if not re.fullmatch(r"[a-z_]{1,80}", code):
        code = f"HTTP {status}"
    # An answer that is no clear refusal proves nothing: `fatal_error` may have posted.
    return DeliveryError(_("Slack has a problem (%(code)s). We keep trying.") % {"code": code}, ambiguous=acting)


def _permanent(code: str, needed: str, wording: Wording) -> str:
    """`needed`: the permission that Slack says is missing."""
    _ = wording.gettext
    sentence = ""
    if code in TOKEN:
        sentence = _("Slack refused the token (%(code)s). Set SLACK_BOT_TOKEN and send again.")
    elif code in CHANNEL:
        sentence = _(
            "The channel cannot be used (%(code)s). Check SLACK_HOTLINE_CHANNEL, invite the app to the channel, "
            "and send again."
        )
    elif code in RIGHTS:
        sentence = _("Slack does not allow it (%(code)s). Give the app this permission in Slack and send again.")
    elif code in PERSON:
        sentence = _("Slack does not take this person (%(code)s). Correct the Slack ID under People and send again.")
    elif code in GROUP:
        sentence = _(
            "Slack does not let us change this user group (%(code)s). Check its ID in the area's settings, and "
            "in Slack that everybody may change user groups; then send again."
        )
    elif code in CONTENT:
        sentence = _("Slack refused this message (%(code)s). Please tell #hotline by hand.")
    elif code in GONE:
        sentence = _("The message in Slack that this belongs to is gone (%(code)s). Nothing needs to be done.")
    shown = f"{code}: {needed}" if re.fullmatch(r"[a-z:,. ]{1,80}", needed) else code
    return sentence % {"code": shown} if sentence else ""


def _asked(error: SlackApiError) -> float:
    """Seconds that Slack asked for."""
    headers = {str(name).lower(): value for name, value in dict(error.response.headers).items()}
    value = headers.get("retry-after", "")
    value = value[0] if isinstance(value, list) else value
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d+)?", str(value)) else WAIT_UNTOLD
