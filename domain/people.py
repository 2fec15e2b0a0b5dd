"""People: who they are, what administrators change about them, the one-time links that let them in."""

import hashlib
import secrets
import unicodedata
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_login import UserMixin
from sqlalchemy import ForeignKey, Select, String, bindparam, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain import events
from domain.contacts import Details, normal_email
from domain.db import Model, db
from domain.errors import Conflict, Refused
from domain.text import fold, is_blank, one_line

LINK_LIFETIME = timedelta(days=7)
PASSWORD_LENGTH = 10
"""Characters at least (NIST SP 800-63B asks for 8, and for no other rule)."""
PASSWORD_MOST = 1000
"""Characters at most: hashing must not become a way to keep the portal busy."""
PAGE = 50
"""People on one page of the list."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP: argon2id, 19 MiB, t=2, p=1


@cache
def _nobody() -> str:
    """A hash that no password opens. Made when it is first needed: hashing is slow on purpose."""
    return _hasher.hash(secrets.token_hex())


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
    has_notices: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    @property
    def details(self) -> Details:
        return Details(
            self.email, self.name, self.reading, self.department, self.phone, self.slack_id, self.is_admin
        )  # fmt: skip

    def get_id(self) -> str:
        """The session's name for the person: `id.epoch`. A raised epoch signs out everywhere."""
        return f"{self.id}.{self.epoch}"

    def describe(self) -> None:
        """Keeps what searches look through up to date. It begins with the reading: lists are sorted by it."""
        self.search = fold(" ".join((self.reading, self.name, self.department, self.email)))[:500]

    def take(self, details: Details) -> None:
        """Takes the values as they are; `change` asks whether it may."""
        for name, value in asdict(details).items():
            setattr(self, name, value)
        self.describe()

    def change(self, details: Details, *, seen: Details | None, by: "Person | None", at: datetime) -> None:
        """Takes new details. `seen` is what whoever changes them had before their eyes.

        Raises:
            Conflict: `person_changed`: they are not what was seen any more.
            Refused: the email or the Slack id is somebody else's; the last administrator would be none.
        """
        if seen is not None and seen != self.details:
            raise Conflict("person_changed")
        changed = sorted(self.details.differences(details))
        if not changed:
            return
        if self.is_admin and not details.is_admin and is_last_administrator(self):
            raise Refused("admin", "last_administrator")
        check_unique(details, but=self)
        self.take(details)
        # Which fields, not their values: telephone numbers have no place in a log that is kept for ever.
        events.record("person_changed", by=by, at=at, person=self.id, fields=changed)

    def choose(self, *, locale: str | None, notice_first: str, phone: str | None, at: datetime) -> None:
        """What people set for themselves. `locale` None follows the browser."""
        if phone != self.phone:
            events.record("person_changed", by=self, at=at, person=self.id, fields=["phone"])
        self.locale, self.notice_first, self.phone = locale, notice_first, phone

    def set_password(self, password_hash: str) -> None:
        """Takes a hash made by `hash_password` (made outside the transaction: hashing is slow on purpose)."""
        self.password_hash = password_hash

    def change_password(self, password_hash: str, *, at: datetime) -> None:
        """A new password of one's own choice. Whoever was signed in with the old one is signed out."""
        self.set_password(password_hash)
        self.sign_out_everywhere()
        events.record("password_changed", by=self, at=at, person=self.id)

    def renew_hash(self, before: str | None, password_hash: str) -> None:
        """The same password hashed with today's parameters, unless it was changed in between."""
        if self.password_hash == before:
            self.set_password(password_hash)

    def sign_out_everywhere(self) -> None:
        self.epoch += 1

    def deactivate(self, *, at: datetime, by: "Person | None" = None) -> None:
        """Absent from everything from `at` on (R24); signed out at once; the records stay.

        Raises:
            Conflict: oneself, the last administrator, or somebody who is deactivated already.
        """
        if not self.is_active:
            raise Conflict("already_deactivated")
        if by is not None and by.id == self.id:
            raise Conflict("not_yourself")
        if is_last_administrator(self):
            raise Conflict("last_administrator")
        self.deactivated_at = at
        self.sign_out_everywhere()
        end_links("invitation", self, at=at)
        events.record("person_deactivated", by=by, at=at, person=self.id)

    def reactivate(self, *, at: datetime, by: "Person | None" = None) -> None:
        """Back again, with the password they had. Raises `Conflict` for somebody who is active."""
        if self.is_active:
            raise Conflict("already_active")
        self.deactivated_at = None
        events.record("person_reactivated", by=by, at=at, person=self.id)

    def invite(self, *, by: "Person | None", at: datetime) -> str:
        """The token of a new one-time link to choose a password; an earlier one ends. `Conflict` if deactivated."""
        if not self.is_active:
            raise Conflict("already_deactivated")
        token = make_link("invitation", self, by=by, at=at)
        events.record("person_invited", by=by, at=at, person=self.id)
        return token


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

    def ended(self, at: datetime) -> str | None:
        """Why it cannot be used any more: `link_used` or `link_expired`; None while it can."""
        if self.used_at is not None or (self.person is not None and not self.person.is_active):
            return "link_used"
        return "link_expired" if self.expires_at <= at else None


def check_unique(details: Details, *, but: Person | None = None) -> None:
    """Raises `Refused` when somebody else, active or not, has the email or the Slack id."""
    for field, column, value in (
        ("email", Person.email, details.email),
        ("slack_id", Person.slack_id, details.slack_id),
    ):
        other = db.session.scalar(select(Person).where(column == value)) if value else None
        if other is not None and other is not but:
            raise Refused(field, f"{field}_taken", name=other.name)


def add(details: Details, *, by: Person | None, at: datetime) -> Person:
    """A new person, without a password yet. Raises `Refused` when the email or the Slack id is taken."""
    check_unique(details)
    person = Person(**asdict(details), created_at=at)
    person.describe()
    db.session.add(person)
    db.session.flush()
    events.record("person_added", by=by, at=at, person=person.id)
    return person


def is_last_administrator(person: Person) -> bool:
    """Whether nobody else could administrate: somebody who never chose a password cannot."""
    if not (person.is_admin and person.is_active):
        return False
    others = select(Person.id).where(
        Person.id != person.id,
        Person.is_admin,
        Person.deactivated_at.is_(None),
        Person.password_hash.is_not(None),
    )
    return db.session.scalar(others.limit(1)) is None


def _comparable(password: str) -> bytes:
    """The same letters typed on another keyboard are the same password (NFKC); what is no text hashes as it is."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def hash_password(password: str) -> str:
    """An argon2id hash. Slow on purpose: never inside `writing()`."""
    return _hasher.hash(_comparable(password))


def check_password(person: Person | None, password: str) -> bool:
    """Whether the password is the person's. Takes as long when there is no such person or no password."""
    known = person.password_hash if person else None
    # Asked for in any case: the first time it takes long, and that must not tell who is unknown.
    stand_in = _nobody()
    try:
        _hasher.verify(known or stand_in, _comparable(password))
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def is_outdated(person: Person) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return person.password_hash is not None and _hasher.check_needs_rehash(person.password_hash)


def check_new_password(password: str, *, email: str, name: str) -> None:
    """Raises `Refused`: password_short, password_long, password_own (the email or the name). No other rule."""
    if len(password) > PASSWORD_MOST:
        raise Refused("password", "password_long", most=PASSWORD_MOST)
    if len(password) < PASSWORD_LENGTH or is_blank(password):
        raise Refused("password", "password_short", least=PASSWORD_LENGTH)
    if fold(password) in {fold(email), fold(email.partition("@")[0]), fold(name)}:
        raise Refused("password", "password_own")


def by_email(email: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.email == normal_email(email)))


_BY_ID = select(Person).where(Person.id == bindparam("id"))


def by_slack(slack_id: str) -> Person | None:
    """The person with this Slack id, active or not; the case of the letters does not matter."""
    if not slack_id or "\0" in slack_id or len(slack_id) > 20:
        return None
    return db.session.scalar(select(Person).where(Person.slack_id == slack_id.upper()))


def by_session(session_id: str) -> Person | None:
    """The person of a session `id.epoch`, or None when it was ended (signed out everywhere, deactivated)."""
    number, _, epoch = session_id.partition(".")
    if not (number.isdecimal() and epoch.isdecimal()):
        return None
    person = db.session.scalar(_BY_ID, {"id": int(number)})
    if person is None or not person.is_active or person.epoch != int(epoch):
        return None
    return person


def _matching(words: str, everybody: bool) -> Select[Person]:
    query = select(Person)
    if not everybody:
        query = query.where(Person.deactivated_at.is_(None))
    for word in one_line(words)[:200].split():
        query = query.where(Person.search.contains(fold(word), autoescape=True))
    return query


def search(words: str = "", *, everybody: bool = False, page: int = 1) -> tuple[list[Person], int]:
    """One page of those whose name, reading, department or email holds every word, by reading; and how many in all.

    `everybody`: also those who were deactivated, last.
    """
    query = _matching(words, everybody)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (Person.deactivated_at.is_not(None), Person.search, Person.id)
    found = db.session.scalars(query.order_by(*order).limit(PAGE).offset((page - 1) * PAGE))
    return list(found), total


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def make_link(purpose: str, person: Person | None, *, by: Person | None, at: datetime) -> str:
    """A new one-time link's token (43 characters); earlier unused links for the same purpose and person end."""
    token = secrets.token_urlsafe(32)
    end_links(purpose, person, at=at)
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


def end_links(purpose: str, person: Person | None, *, at: datetime) -> None:
    """Links for the purpose and the person that were not used cannot be used any more."""
    for link in open_links(purpose, person, at=at):
        link.used_at = at


def open_links(purpose: str, person: Person | None, *, at: datetime) -> list[OneTimeLink]:
    query = select(OneTimeLink).where(
        OneTimeLink.purpose == purpose,
        OneTimeLink.person_id == (person.id if person else None),
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > at,
    )
    return list(db.session.scalars(query))


def waiting_for_link(at: datetime, most: int) -> list[Person]:
    """Those who never chose a password and hold no link that works, by reading."""
    held = select(OneTimeLink.person_id).where(
        OneTimeLink.person_id.is_not(None),
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > at,
    )
    query = _matching("", everybody=False).where(Person.password_hash.is_(None), Person.id.not_in(held))
    return list(db.session.scalars(query.order_by(Person.search, Person.id).limit(most)))


def find_link(token: str, purpose: str) -> OneTimeLink | None:
    """The link of a token, whether it can still be used (`ended`) or not."""
    query = select(OneTimeLink).where(OneTimeLink.token_hash == token_hash(token), OneTimeLink.purpose == purpose)
    return db.session.scalar(query)


def _use(token: str, purpose: str, at: datetime) -> OneTimeLink:
    link = find_link(token, purpose)
    if link is None:
        raise Conflict("link_unknown")
    if (why := link.ended(at)) is not None:
        raise Conflict(why)
    link.used_at = at
    return link


def accept_invitation(token: str, password_hash: str, *, at: datetime) -> Person:
    """The invited person, with the password they chose. Raises `Conflict`: link_unknown, link_used, link_expired."""
    person = _use(token, "invitation", at).person
    assert person is not None
    person.change_password(password_hash, at=at)
    return person


def first_administrator(token: str, details: Details, password_hash: str, *, at: datetime) -> Person:
    """The first person of an empty instance. Raises `Conflict` like an invitation, or when somebody is here."""
    _use(token, "first_admin", at)
    if not nobody_yet():
        raise Conflict("link_used")
    person = add(details, by=None, at=at)
    person.set_password(password_hash)
    return person


def nobody_yet() -> bool:
    """Whether the instance is empty: the first administrator is still to come."""
    return db.session.scalar(select(Person.id).limit(1)) is None
