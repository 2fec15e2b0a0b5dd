"""Days off: a country's public holidays, from a kept-up library, and the organisation's own days. No instants."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import select

from domain import events
from domain.db import db, organisation
from domain.errors import Conflict, Refused
from domain.people import Person
from domain.roster_tables import Holiday, RosterSettings

OWN_DAYS = select(Holiday.day, Holiday.is_off)
"""The organisation's own days without their names: whoever looks at the roster asks for them."""


def is_known(country: str) -> bool:
    """Whether the library knows the public holidays of a country (`JP`)."""
    import holidays  # all countries of the world: only where they are asked for

    return country in holidays.list_supported_countries()


@lru_cache(maxsize=256)
def public(country: str, year: int, locale: str = "ja") -> dict[date, str]:
    """The public holidays of a country in a year, with their names; none of \"\" or of an unknown country."""
    if not country:
        return {}
    from holidays import country_holidays

    try:
        found = country_holidays(country, years=year, language={"en": "en_US"}.get(locale, locale))
    except NotImplementedError:
        return {}
    return {day: str(name) for day, name in found.items()}


def country(settings: RosterSettings | None) -> str:
    """Whose public holidays count: what the roster says, else the setting."""
    return organisation().country if settings is None or settings.country is None else settings.country


def days_off(years: Iterable[int], country: str) -> frozenset[date]:
    """All days off of these years, the organisation's own among them: what a roster's windows go by (R6)."""
    own = {row.day: row.is_off for row in db.session.execute(OWN_DAYS)}
    official = {day for year in years for day in public(country, year)}
    return frozenset({day for day in official if own.get(day, True)} | {day for day, off in own.items() if off})


def own_days() -> list[Holiday]:
    """The organisation's own days, in order."""
    return list(db.session.scalars(select(Holiday).order_by(Holiday.day)))


def keep(day: date, name: str, is_off: bool, *, by: Person, at: datetime, zone: ZoneInfo) -> Holiday:
    """A day of the organisation's own: off, or worked on although it is a public holiday.

    Raises:
        Refused: the day has begun; nothing works backwards (R21).
        Conflict: it is there already.
    """
    if day <= at.astimezone(zone).date():
        raise Refused("day", "day_has_begun")
    if db.session.get(Holiday, day) is not None:
        raise Conflict("holiday_known")
    found = Holiday(day=day, name=name, is_off=is_off)
    db.session.add(found)
    db.session.flush()
    events.record("holiday_kept", by=by, at=at, day=day.isoformat(), name=name, is_off=is_off)
    return found


def forget(found: Holiday, *, by: Person, at: datetime, zone: ZoneInfo) -> None:
    """The day is like any other again. Raises `Conflict` once it has begun (R21)."""
    if found.day <= at.astimezone(zone).date():
        raise Conflict("day_has_begun")
    db.session.delete(found)
    db.session.flush()
    events.record("holiday_forgotten", by=by, at=at, day=found.day.isoformat(), name=found.name)
