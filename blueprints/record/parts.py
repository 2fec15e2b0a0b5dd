"""The sections of a record as pages show them: what each is called, what the portal knows for it, what was written."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from blueprints.shared.language import spoken
from blueprints.shared.words import word
from domain import record, record_known
from domain.incidents import Incident
from domain.record_known import Known
from domain.record_tables import Hypothesis, Section

TITLES: dict[str, Any] = {
    "what": _l("What happened"),
    "guests": _l("Impact on guests"),
    "partners": _l("Impact on partners"),
    "facilities": _l("Impact on facilities"),
    "features": _l("Impact by feature"),
    "times": _l("Impact by time"),
    "secondary": _l("Secondary damage"),
    "facts": _l("Facts of the investigation"),
    "cause": _l("Final cause"),
    "prevention": _l("Prevention of recurrence"),
}

HINTS: dict[str, Any] = {
    "what": _l("What did people see, where, since when? In words that everybody understands."),
    "guests": _l("How many, what could they not do, what was done for them?"),
    "partners": _l("Which partners, what did they lose, who told them?"),
    "facilities": _l("Where did queues form, what did staff do?"),
    "features": _l("Which features failed, which went on?"),
    "times": _l("What the portal knows stands here already; add what it cannot know."),
    "secondary": _l("Refunds, double bookings, complaints, data to be repaired"),
    "facts": _l("What was measured or seen: logs, figures, pictures. Paste them as they are."),
    "cause": _l("What was it in the end, and how do we know?"),
    "prevention": _l("What keeps it from happening again, or makes it shorter?"),
}

PLAN: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (None, ("what",)),
    (_l("Impact"), ("guests", "partners", "facilities", "features", "times", "secondary")),
    (_l("Investigation"), ("facts",)),
    (None, ("cause",)),
    (None, ("prevention",)),
)
"""The order on the page: a heading where several belong together, and the keys. Hypotheses follow the facts."""

VERDICTS: dict[str, Any] = {
    "open": _l("Not tested yet"),
    "confirmed": _l("Confirmed"),
    "refuted": _l("Ruled out"),
}


@dataclass(frozen=True)
class Part:
    """One section. `known`: (label, value) of what the portal knows; a value may be an instant."""

    key: str
    title: str
    hint: str = ""
    text: str = ""
    internal: bool = False
    seq: int = 0
    updated_at: datetime | None = None
    updated_by: str = ""
    known: list[tuple[str, str | datetime]] = field(default_factory=list)


@dataclass(frozen=True)
class Supposed:
    """A hypothesis with its three sections: what it says, how it was tested, what came out."""

    number: int
    verdict: str
    said: Part
    test: Part
    result: Part

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        return self.said, self.test, self.result


def part_of(incident: Incident, key: str, written: Section | None, known: Known | None = None) -> Part:
    """A section of an incident, written or not."""
    fixed = key in TITLES
    return Part(
        key=key,
        title=str(TITLES[key]) if fixed else _hypothesis_title(key),
        hint=str(HINTS[key]) if fixed else "",
        text=written.text if written else "",
        internal=record.is_internal(key, written),
        seq=written.seq if written else 0,
        updated_at=written.updated_at if written and written.text else None,
        updated_by=written.updated_by.name if written and written.updated_by and written.text else "",
        known=_known(incident, key, known) if known else [],
    )


def parts_of(incident: Incident) -> tuple[dict[str, Part], list[Supposed]]:
    """All sections by key, and the hypotheses: five queries and what the incident touches."""
    written, known = record.sections(incident), record_known.of(incident)
    parts = {key: part_of(incident, key, written.get(key), known) for key in record.SECTIONS}
    return parts, [supposed(incident, one, written) for one in record.hypotheses(incident)]


def supposed(incident: Incident, one: Hypothesis, written: dict[str, Section]) -> Supposed:
    """A hypothesis with what was written to it."""
    return Supposed(one.number, one.verdict, *(part_of(incident, key, written.get(key)) for key in one.keys))


def _hypothesis_title(key: str) -> str:
    number, _, which = key[1:].partition("-")
    if which == "test":
        return gettext("Hypothesis %(number)s: how it was tested", number=number)
    if which == "result":
        return gettext("Hypothesis %(number)s: what came out", number=number)
    return gettext("Hypothesis %(number)s", number=number)


def _known(incident: Incident, key: str, known: Known) -> list[tuple[str, str | datetime]]:
    """What nobody has to type."""
    if key == "guests":
        return _told(known)
    if key == "facilities":
        if incident.all_facilities:
            return [(gettext("Facilities"), gettext("All facilities"))] if not incident.source else []
        names = "、" if _japanese() else ", "
        return [(gettext("Facilities"), names.join(one.name for one in incident.facilities))]
    if key == "features":
        language = "ja" if _japanese() else "en"
        return [(one.service.called(language), str(word(one.state).label)) for one in incident.affected]
    if key == "times":
        rows = [
            (gettext("Began"), known.began), (gettext("Noticed"), known.noticed), (gettext("Declared"), known.declared),
            (gettext("Mitigated"), known.mitigated), (gettext("Restored"), known.restored),
        ]  # fmt: skip
        if incident.kind != "incident":  # planned work is announced; nobody has to notice it
            rows = [rows[0], rows[-1]]
        return [(label, at if at is not None else gettext("not yet")) for label, at in rows]
    return []


def _told(known: Known) -> list[tuple[str, str | datetime]]:
    rows: list[tuple[str, str | datetime]] = []
    if known.reports:
        told = ngettext("%(num)d report", "%(num)d reports", known.reports)
        more = ngettext("%(num)d more saw it", "%(num)d more saw it", known.voices) if known.voices else ""
        rows.append((gettext("Reports"), ("、" if _japanese() else ", ").join(one for one in (told, more) if one)))
    if known.customers is not None:
        number = ngettext("%(num)d customer in trouble", "%(num)d customers in trouble", known.customers)
        rows.append((gettext("Told by reporters"), number))
    return rows


def _japanese() -> bool:
    locale = spoken()
    return locale is not None and locale.language == "ja"
