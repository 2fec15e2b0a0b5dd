"""Slows down guessing of passwords. Only wrong tries count; a right one from another address always gets in."""

import math
import time
from hashlib import sha256

from limits import RateLimitItem, parse_many

from blueprints.shared.security import client_address, limiter
from domain.contacts import normal_email

# A whole office may share one address, and signs in together on the morning of an outage.
PER_ADDRESS = parse_many("30/minute;200/hour")
PER_PAIR = parse_many("5/minute;30/hour")
PER_EMAIL = parse_many("40/hour")
"""Over all addresses. Past it nobody is locked out: each address still has one try a minute."""
ONE_BY_ONE = parse_many("1/minute")


def wait(email: str) -> int:
    """Seconds until this client may try a password for the email; 0: now."""
    address, whose = client_address(), _key(email)
    seconds = [_left(item, "address", address) for item in PER_ADDRESS]
    seconds += [_left(item, "pair", address, whose) for item in PER_PAIR]
    if any(_left(item, "email", whose) for item in PER_EMAIL):
        seconds += [_left(item, "slow", address, whose) for item in ONE_BY_ONE]
    return max(seconds)


def wrong(email: str) -> None:
    """Counts a try that was wrong."""
    address, whose = client_address(), _key(email)
    for items, key in (
        (PER_ADDRESS, ("address", address)),
        (PER_PAIR, ("pair", address, whose)),
        (PER_EMAIL, ("email", whose)),
        (ONE_BY_ONE, ("slow", address, whose)),
    ):
        for item in items:
            limiter.limiter.hit(item, "sign-in", *key)


def _left(item: RateLimitItem, *key: str) -> int:
    if limiter.limiter.test(item, "sign-in", *key):
        return 0
    reset = limiter.limiter.get_window_stats(item, "sign-in", *key).reset_time
    return max(1, math.ceil(reset - time.time()))


def _key(email: str) -> str:
    # Hashed: somebody may have typed their password into the wrong field.
    return sha256(normal_email(email).encode("utf-8", "replace")).hexdigest()[:24]
