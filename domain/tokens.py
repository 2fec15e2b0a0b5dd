"""Tokens for machines and calendars: a secret in an address or a header, kept as its hash, revoked at any time."""

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from domain import events
from domain.db import Model, db
from domain.errors import Conflict, NotAllowed
from domain.people import Person

KINDS = ("calendar", "api")
"""A calendar's opens one person's or one area's feed; an API's reads what machines may read."""


class Token(Model):
    """Who holds the secret may read what the token is for. Only its hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """Whose duties a calendar shows."""
    area: Mapped[str | None] = mapped_column(String(40))
    """Which area's duties a calendar shows: its key."""
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])

    def revoke(self, *, by: Person, at: datetime) -> None:
        """From now on nobody gets in with it.

        Raises:
            NotAllowed: it is neither one's own nor is one an administrator.
            Conflict: revoked before.
        """
        if not (by.is_admin or by.id in (self.person_id, self.created_by_id)):
            raise NotAllowed("token_of_others")
        if self.revoked_at is not None:
            raise Conflict("token_revoked")
        self.revoked_at = at
        db.session.flush()
        events.record("token_revoked", by=by, at=at, token=self.id, token_kind=self.kind)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def issue(
    kind: str, *, by: Person, at: datetime, name: str = "", person: Person | None = None, area: str | None = None
) -> tuple[Token, str]:
    """A new token and its secret, which is shown once and never kept.

    Raises:
        NotAllowed: an API token, or a calendar of somebody else, by somebody who is no administrator.
    """
    own = kind == "calendar" and (person is None or person.id == by.id)
    if not (own or by.is_admin):
        raise NotAllowed("token_of_others")
    secret = secrets.token_urlsafe(24)
    token = Token(
        kind=kind,
        digest=_digest(secret),
        name=name,
        person_id=person.id if person else None,
        area=area,
        created_at=at,
        created_by_id=by.id,
    )
    db.session.add(token)
    db.session.flush()
    events.record("token_issued", by=by, at=at, token=token.id, token_kind=kind, name=name)
    return token, secret


def find(secret: str, kind: str) -> Token | None:
    """The token of a secret, unless it was revoked, or whoever it belongs to has left."""
    if not secret.isascii() or len(secret) > 100:
        return None
    token = db.session.scalar(
        select(Token).where(Token.digest == _digest(secret), Token.kind == kind, Token.revoked_at.is_(None))
    )
    if token is None:
        return None
    holder = token.person or token.created_by
    return token if holder is None or holder.is_active else None


def of(person: Person) -> list[Token]:
    """The calendars' tokens that a person made and that are open, the newest first."""
    query = select(Token).where(Token.kind == "calendar", Token.created_by_id == person.id, Token.revoked_at.is_(None))
    return list(db.session.scalars(query.order_by(Token.id.desc())))


def for_machines() -> list[Token]:
    """The API tokens: those in use first, the newest first."""
    query = select(Token).where(Token.kind == "api").options(joinedload(Token.created_by))
    return list(db.session.scalars(query.order_by(Token.revoked_at.is_not(None), Token.id.desc())))
