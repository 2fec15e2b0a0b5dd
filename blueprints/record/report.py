"""The incident report as a document of plain pieces: for inside, or for partners without what is marked internal."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from blueprints.incidents.chronicle import KIND_NAMES, Row, rows
from blueprints.record.parts import PLAN, VERDICTS, Part, Supposed, parts_of
from blueprints.shared.language import clock_time, day, local, now, span, zone_short
from blueprints.shared.prose import plain
from blueprints.shared.words import word
from domain import chronicle, internal, timeline
from domain.chronicle import Fact
from domain.incidents import Incident
from domain.record_text import Paragraph, paragraphs
from domain.timeline import Entry

TOLD_TO_PARTNERS = (
    "incident.began", "incident.ended", "incident.declared", "incident.reopened", "incident.published",
)  # fmt: skip
"""Facts of the portal's own that partners may know of."""


@dataclass(frozen=True)
class Heading:
    """A heading of level 2 or 3."""

    text: str
    level: int = 2
    what: str = "heading"


@dataclass(frozen=True)
class Facts:
    """Labels with values."""

    rows: list[tuple[str, str]]
    what: str = "facts"


@dataclass(frozen=True)
class Words:
    """What people wrote."""

    paragraphs: list[Paragraph]
    what: str = "words"


@dataclass(frozen=True)
class Log:
    """What happened when: (day, or empty where it is that of the row above; time; words; who)."""

    rows: list[tuple[str, str, str, str]]
    what: str = "log"


Piece = Heading | Facts | Words | Log


@dataclass(frozen=True)
class Document:
    """A whole report. `about` stands under the title."""

    title: str
    code: str
    subject: str
    about: list[tuple[str, str]]
    pieces: list[Piece]
    for_partners: bool
    note: str = ""


def document(incident: Incident, *, for_partners: bool) -> Document:
    """The report of an incident as it stands now."""
    parts, hypotheses = parts_of(incident)
    pieces: list[Piece] = []
    for place, (heading, keys) in enumerate(PLAN):
        made = [piece for key in keys for piece in _section(parts[key], 3 if heading else 2, for_partners)]
        if "facts" in keys:
            made += _hypotheses(hypotheses, for_partners)
        pieces += [Heading(str(heading)), *made] if heading and made else made
        if place == 0:
            pieces += _timeline(incident, for_partners)
    title = gettext("Incident report for partners") if for_partners else gettext("Incident report")
    note = gettext("DRILL. Not real. Do not inform customers.") if incident.drill else ""
    return Document(
        title, incident.code, incident.title, _about(incident, for_partners), pieces, for_partners, note
    )  # fmt: skip


def file_name(made: Document, ending: str) -> str:
    """`INC-42-report.pdf`, `INC-42-report-partners.pdf`."""
    return f"{made.code}-report{'-partners' if made.for_partners else ''}.{ending}"


def _about(incident: Incident, for_partners: bool) -> list[tuple[str, str]]:
    found = [(gettext("Incident"), incident.code), (gettext("State"), str(word(incident.state).label))]
    if not for_partners:
        found[0] = (gettext("Incident"), f"{incident.code} ({word(incident.severity).label})")
    if incident.duration is not None:
        found.append((gettext("Duration"), span(incident.duration)))
    return [*found, (gettext("As of"), f"{day(now())} {clock_time(now())} {zone_short()}")]


def _section(part: Part, level: int, for_partners: bool) -> list[Piece]:
    if for_partners and part.internal:
        return []
    said = _words(part.text, for_partners)
    known = [] if for_partners and part.key == "guests" else part.known
    made: list[Piece] = [Facts([(label, _value(value)) for label, value in known])] if known else []
    made += [Words(said)] if said else []
    if not made and for_partners:
        return []
    empty = [Words([Paragraph((gettext("Nothing is written here yet."),))])]
    return [Heading(part.title, level), *(made or empty)]


def _value(value: Any) -> str:
    return value if isinstance(value, str) else f"{day(value)} {clock_time(value)}"


def _words(text: str, for_partners: bool) -> list[Paragraph]:
    return paragraphs(internal.public(text), internal=False) if for_partners else paragraphs(text)


def _hypotheses(found: list[Supposed], for_partners: bool) -> list[Piece]:
    made: list[Piece] = []
    for one in found:
        if for_partners and one.said.internal:
            continue
        made.append(Heading(f"{one.said.title} ({VERDICTS[one.verdict]})", 3))
        made.append(Words(_words(one.said.text, for_partners)))
        for label, part in ((gettext("How it was tested"), one.test), (gettext("What came out"), one.result)):
            said = [] if for_partners and part.internal else _words(part.text, for_partners)
            if said:
                first = Paragraph((f"{label}{gettext(': ')}", *said[0].parts), said[0].internal)
                made.append(Words([first, *said[1:]]))
    return made


def _timeline(incident: Incident, for_partners: bool) -> list[Piece]:
    """What the portal knows and what people noted, oldest first; what was struck does not count."""
    level = "reader" if for_partners else "responder"
    facts = {fact.mark: fact for fact in chronicle.of(incident).facts} if for_partners else {}
    lines = [
        (row.at, _told(row, facts.get(row.mark)), row.who)
        for row in rows(incident, level)
        if not for_partners or facts[row.mark].kind in TOLD_TO_PARTNERS
    ]
    ids = [number for _, number in timeline.index(incident)]
    for entry in timeline.loaded(ids).values():
        if entry.struck_at is None and not (for_partners and entry.internal):
            lines.append((entry.happened_at, _noted(entry, for_partners), entry.author_name))
    lines.sort(key=lambda line: line[0])
    made, shown = [], ""
    for at, text, who in lines:
        today = day(local(at))
        if text:
            made.append((today if today != shown else "", clock_time(at), text, "" if for_partners else who))
            shown = today
    return [Heading(gettext("Timeline")), Log(made)] if made else []


def _told(row: Row, fact: Fact | None) -> str:
    """In the words of the timeline; partners (`fact`) get their own of an update."""
    quote = row.quote
    if fact is not None:
        quote = plain(fact.update.partner_notice, fact.update.format) if fact.update else ""
    return f"{row.text}\n{quote}" if quote else row.text


def _noted(entry: Entry, for_partners: bool) -> str:
    kind = str(KIND_NAMES[entry.kind])
    return internal.public(entry.text) if for_partners else f"{kind}{gettext(': ')}{entry.text}"
