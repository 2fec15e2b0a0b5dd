"""People: who they are, how they sign in, the one-time links that let them in."""

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask_login import UserMixin
from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.db import Model, db
from domain.text import fold

LINK_LIFETIME = timedelta(days=7)
PASSWORD_LENGTH = 10
"""Characters at least (NIST SP 800-63B asks for 8, and for no other rule)."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP: argon2id, 19 MiB, t=2, p=1
_nobody = _hasher.hash(secrets.token_hex())


class Person(UserMixin, Model):
    """Somebody of the company. Nobody is deleted: who leaves is deactivated, what they did stays theirs."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    reading: Mapped[str] = mapped_column(String(100), default="")
    search: Mapped[str] = mapped_column(String(500), default="")
    department: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str | None] = mapped_column(String(20))
    slack_id: Mapped[str | None] = mapped_column(String(20), unique=True)
    locale: Mapped[str | None] = mapped_column(String(5))
    notice_first: Mapped[str] = mapped_column(String(10), default="guest")
    is_admin: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    def get_id(self) -> str:
        """The session's name for the person: `id.epoch`. A raised epoch signs out everywhere."""
        return f"{self.id}.{self.epoch}"

    def describe(self) -> None:
        """Keeps what searches look through up to date."""
        self.search = fold(" ".join((self.name, self.reading, self.department, self.email)))[:500]

    def set_password(self, password_hash: str) -> None:
        """Takes a hash made by `hash_password` (made outside the transaction: hashing is slow on purpose)."""
        self.password_hash = password_hash

    def sign_out_everywhere(self) -> None:
        self.epoch += 1

    def deactivate(self, *, at: datetime) -> None:
        """Absent from everything from `at` on (R24); signed out at once; the records stay."""
        self.deactivated_at = at
        self.sign_out_everywhere()

    def reactivate(self) -> None:
        self.deactivated_at = None


class OneTimeLink(Model):
    """A link that works once: the first administrator's, an invitation, a new password. Only its hash is kept."""

    __tablename__ = "one_time_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])


class ApiToken(Model):
    """A token made by an administrator for machines (feeds, API); revocable. Only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


def normal_email(email: str) -> str:
    """Addresses are compared without case and without spaces around them."""
    return email.strip().casefold()


def hash_password(password: str) -> str:
    """An argon2id hash. Slow on purpose: never inside `writing()`."""
    return _hasher.hash(password)


def check_password(person: Person | None, password: str) -> bool:
    """Whether the password is the person's. Takes as long when there is no such person or no password."""
    known = person.password_hash if person else None
    try:
        _hasher.verify(known or _nobody, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return known is not None


def by_email(email: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.email == normal_email(email)))


def by_session(session_id: str) -> Person | None:
    """The person of a session `id.epoch`, or None when it was ended (signed out everywhere, deactivated)."""
    number, _, epoch = session_id.partition(".")
    if not (number.isdecimal() and epoch.isdecimal()):
        return None
    person = db.session.get(Person, int(number))
    if person is None or not person.is_active or person.epoch != int(epoch):
        return None
    return person


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_link(purpose: str, person: Person | None, *, by: Person | None, at: datetime) -> str:
    """A new one-time link's token (43 characters); earlier unused links for the same purpose and person end."""
    token = secrets.token_urlsafe(32)
    for earlier in open_links(purpose, person, at=at):
        earlier.used_at = at
    db.session.add(
        OneTimeLink(
            token_hash=token_hash(token),
            purpose=purpose,
            person_id=person.id if person else None,
            created_at=at,
            created_by_id=by.id if by else None,
            expires_at=at + LINK_LIFETIME,
        )
    )
    db.session.flush()
    return token


def open_links(purpose: str, person: Person | None, *, at: datetime) -> list[OneTimeLink]:
    query = select(OneTimeLink).where(
        OneTimeLink.purpose == purpose,
        OneTimeLink.person_id == (person.id if person else None),
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > at,
    )
    return list(db.session.scalars(query))


def find_link(token: str, *, at: datetime) -> OneTimeLink | None:
    """The link of a token while it can still be used."""
    link = db.session.scalar(select(OneTimeLink).where(OneTimeLink.token_hash == token_hash(token)))
    if link is None or link.used_at is not None or link.expires_at <= at:
        return None
    return link


def nobody_yet() -> bool:
    """Whether the instance is empty: the first administrator is still to come."""
    return db.session.scalar(select(Person.id).limit(1)) is None
