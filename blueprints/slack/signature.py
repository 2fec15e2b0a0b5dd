"""Whether a request is Slack's: `v0=` HMAC-SHA256 of the time and the raw body, not older than five minutes."""

import hashlib
import hmac
import re
from datetime import datetime

OLDEST = 300
"""Seconds by which a request's time may differ from ours; an older one may be a replay."""

_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def is_slacks(secret: str, stamp: str, signature: str, body: bytes, at: datetime) -> bool:
    """Whether the signature is right. What is forged (no number, not ASCII, nothing at all) is just not Slack's."""
    if not _STAMP.fullmatch(stamp) or abs(at.timestamp() - int(stamp)) > OLDEST:
        return False
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    # As bytes: of text, only ASCII can be compared in constant time.
    return hmac.compare_digest(f"v0={digest}".encode(), signature.encode("utf-8", "surrogateescape"))
