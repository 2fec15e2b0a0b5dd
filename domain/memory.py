"""What the house remembers: the words of every incident, by which past ones like a new one are found."""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, String, case, delete, exists, func, insert, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, selectinload

from domain import lexicon, postmortem
from domain.actions import Action
from domain.db import Model, db
from domain.events import Event
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.postmortem import Postmortem
from domain.roster_watch import Word
from domain.suspicion import Report
from domain.timeline import Entry

KIND = "memory"
AT_ONCE = 40
"""Incidents whose words are looked for in one look: a large history is learnt in small steps."""

USUAL = 35
"""Words of an incident, about: one that said much more shares more by chance."""

EVERY = timedelta(seconds=5)
"""Between two looks: whoever has just declared sees what happened before on the incident's page."""

MOST_WORDS = 150
MOST_ASKED = 60
MOST_DECIDING = 20
OFFERED = 3
TITLE, TOLD, SAID = 3.0, 2.0, 1.0
"""How much a word counts: of the headline, of a report or a cause, of an update."""

SERVICE = 1.5
ENOUGH = 0.3
"""How much of what is asked must be shared, of 1, to be offered. An offer costs a glance."""


class IncidentWord(Model):
    """A word of an incident, and how much it counts there. `s:3` is a service, `w:入場` a word."""

    __tablename__ = "incident_words"

    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True, index=True)
    weight: Mapped[float] = mapped_column(Float)


class Memory(Model):
    """How far an incident's words are known: up to which event. `similar`: the likest past ones then, [id, score]."""

    __tablename__ = "memories"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    event_id: Mapped[int] = mapped_column(default=0, index=True)
    similar: Mapped[list[Any]] = mapped_column(JSON, default=list)


@dataclass(frozen=True)
class Similar:
    """A past incident that looks alike: what helped then (or, where nobody wrote it, what was said last), what it came
    from, what is still to be done since."""

    incident: Incident
    helped: str
    said: str
    cause: str
    open_actions: list[Action]


# Learning: the delivery worker looks, so that nobody waits for it


def look(at: datetime) -> list[Word]:
    """The incidents that something happened to since their words were learnt. Reads only; a few queries."""
    lexicon.rest()
    wanted = _changed()
    if not wanted:
        return []
    return [
        Word(hashlib.sha256(f"{KIND}{number}".encode()).hexdigest()[:32], KIND, "", {
            "incident": number, "event": wanted[number], "words": found,
        })
        for number, found in _words_of(list(wanted)).items()
    ]  # fmt: skip


def write_down(words: Collection[Word], at: datetime) -> list[Delivery]:
    """Keeps the words, and which past incidents are like each now. Nothing is sent."""
    for word in words:
        number, found = word.details["incident"], word.details["words"]
        db.session.execute(delete(IncidentWord).where(IncidentWord.incident_id == number))
        if found:
            rows = [{"word": text, "incident_id": number, "weight": weight} for text, weight in found.items()]
            db.session.execute(insert(IncidentWord), rows)
        kept = db.session.get(Memory, number) or Memory(incident_id=number)
        kept.event_id = max(word.details["event"], kept.event_id)
        # What is over is not asked for any more.
        goes_on = db.session.get_one(Incident, number).closed_at is None
        likest = _likest(found, but=number) if goes_on else []
        kept.similar = [[other, round(score, 3)] for other, score in likest]
        db.session.add(kept)
        db.session.flush()
    return []


def _changed() -> dict[int, int]:
    """Incidents to be learnt, each with the event up to which it is known then."""
    mark = db.session.scalar(select(func.max(Memory.event_id)))
    if mark is None:
        # The first look of all: what happened so far is in the words that are read now.
        mark = db.session.scalar(select(func.max(Event.id))) or 0
    unknown = ~exists().where(Memory.incident_id == Incident.id)
    query = select(Incident.id).where(unknown, Incident.kind == "incident").order_by(Incident.id.desc()).limit(AT_ONCE)
    wanted = dict.fromkeys(db.session.scalars(query), mark)
    happened = (
        select(Event.incident_id, Event.id)
        .where(Event.id > mark, Event.incident_id.is_not(None))
        .order_by(Event.id)
        .limit(10 * AT_ONCE)
    )
    for number, event in db.session.execute(happened):
        if number is not None:
            wanted[number] = event
    return wanted


def _words_of(numbers: list[int]) -> dict[int, dict[str, float]]:
    """The words of some incidents and how much each counts: five queries. Planned work has none."""
    query = (
        select(Incident)
        .where(Incident.id.in_(numbers))
        .options(selectinload(Incident.affected), selectinload(Incident.updates))
    )
    incidents = {one.id: one for one in db.session.scalars(query)}
    reports: dict[int, list[str]] = {}
    told = select(Report).where(Report.incident_id.in_(numbers)).options(joinedload(Report.symptom))
    for report in db.session.scalars(told):
        tile = report.symptom.name if report.symptom else ""
        reports.setdefault(report.incident_id or 0, []).append(f"{tile} {report.body[:2000]}")
    known = select(Postmortem.incident_id, Postmortem.cause).where(Postmortem.incident_id.in_(numbers))
    causes = {row.incident_id: row.cause for row in db.session.execute(known)}
    return {
        number: _weighed(one, [*reports.get(number, []), causes.get(number, "")]) if one.kind == "incident" else {}
        for number, one in incidents.items()
    }


def _weighed(incident: Incident, told: list[str]) -> dict[str, float]:
    said = [update.situation[:2000] for update in incident.updates[:8]]
    texts = [(SAID, "\n".join(said)[:6000]), (TOLD, "\n".join(told)), (TITLE, incident.title)]
    return weighed(texts, [line.service_id for line in incident.affected])


def weighed(texts: Iterable[tuple[float, str]], services: Iterable[int]) -> dict[str, float]:
    """Words with what they count: the more where a text says more. `texts`: (how much its words count, text)."""
    found: dict[str, float] = {}
    for weight, text in texts:
        for word in lexicon.words(text):
            found[f"w:{word}"[:40]] = max(found.get(f"w:{word}"[:40], 0.0), weight)
    kept = sorted(found.items(), key=lambda one: -one[1])[:MOST_WORDS]
    return dict(kept) | {f"s:{number}": SERVICE for number in services}


# Remembering


def like(title: str, services: Iterable[int], told: str = "", *, at_most: int = OFFERED) -> list[Similar]:
    """Past incidents like one that is about to be declared: its headline, services and what was reported."""
    asked = weighed([(TOLD, told), (TITLE, title)], services)
    return loaded([number for number, _ in _likest(asked, at_most=at_most)])


def of(incident: Incident) -> list[Similar]:
    """Past incidents like this one, as they were found when its words were learnt."""
    kept = db.session.get(Memory, incident.id)
    return loaded([number for number, _ in kept.similar]) if kept is not None else []


def _likest(asked: Mapping[str, float], but: int = 0, at_most: int = OFFERED) -> list[tuple[int, float]]:
    """Past incidents by how much of what is asked they share, the likest first: four queries, whatever there is."""
    words = sorted(asked, key=lambda word: -asked[word])[:MOST_ASKED]
    if not any(word.startswith("w:") for word in words):
        return []
    number = db.session.scalar(select(func.count()).select_from(Memory)) or 0
    counted = select(IncidentWord.word, func.count()).where(IncidentWord.word.in_(words)).group_by(IncidentWord.word)
    often = {row[0]: row[1] for row in db.session.execute(counted)}
    telling = {word: math.log(1 + number / often.get(word, 1)) * asked[word] for word in words}
    # The most telling ones decide: a word of every second incident would be read thousands of times for little.
    telling = dict(sorted(telling.items(), key=lambda one: -one[1])[:MOST_DECIDING])
    rare = {word: weight for word, weight in telling.items() if word in often}
    whole = sum(telling.values()) * TITLE
    if not rare or not whole:
        return []
    score = func.sum(case(rare, value=IncidentWord.word) * IncidentWord.weight)
    named = func.sum(case((IncidentWord.word.startswith("w:"), 1), else_=0))
    query = (
        select(IncidentWord.incident_id, score)
        .join(Incident, Incident.id == IncidentWord.incident_id)
        .where(
            IncidentWord.word.in_(rare), Incident.id != but, Incident.drill.is_(False), Incident.outcome == "",
            Incident.resolved_at.is_not(None),
        )
        .group_by(IncidentWord.incident_id)
        .having(named > 0)
        .order_by(score.desc(), IncidentWord.incident_id.desc())
        .limit(5 * at_most)
    )  # fmt: skip
    shares = {found: total / whole for found, total in db.session.execute(query)}
    fair = {found: share / (0.75 + 0.25 * length / USUAL) for (found, length), share in _lengths(shares)}
    good = sorted((one for one in fair.items() if one[1] >= ENOUGH), key=lambda one: (-one[1], -one[0]))
    return good[:at_most]


def _lengths(shares: Mapping[int, float]) -> list[tuple[tuple[int, int], float]]:
    """How many words each of some incidents has, beside what it shares."""
    query = (
        select(IncidentWord.incident_id, func.count())
        .where(IncidentWord.incident_id.in_(shares))
        .group_by(IncidentWord.incident_id)
    )
    return [((found, length), shares[found]) for found, length in db.session.execute(query)] if shares else []


def loaded(numbers: list[int]) -> list[Similar]:
    """What helped in some past incidents, in the order given: four queries, none where there are none."""
    if not numbers:
        return []
    query = select(Incident).where(Incident.id.in_(numbers)).options(joinedload(Incident.latest))
    incidents = {one.id: one for one in db.session.scalars(query)}
    written = {
        one.incident_id: one
        for one in db.session.scalars(select(Postmortem).where(Postmortem.incident_id.in_(numbers)))
    }
    done: dict[int, list[str]] = {}
    acted = select(Entry.incident_id, Entry.text).where(
        Entry.incident_id.in_(numbers), Entry.kind == "action", Entry.struck_at.is_(None), Entry.internal.is_(False)
    )
    for number, text in db.session.execute(acted.order_by(Entry.happened_at, Entry.id)):
        done.setdefault(number, []).append(text)
    left = postmortem.open_actions(numbers)
    return [
        Similar(
            incidents[number], _helped(incidents[number], written.get(number), done.get(number, [])),
            _said(incidents[number]), written[number].cause if number in written else "", left.get(number, []),
        )
        for number in numbers
        if number in incidents
    ]  # fmt: skip


def _helped(incident: Incident, written: Postmortem | None, done: list[str]) -> str:
    """What people found that went well, else what customers could do meanwhile, else what was done last."""
    latest = incident.latest
    found = (written.went_well if written else "", latest.workaround if latest else "", " / ".join(done[-3:]))
    return next((text for text in found if text.strip()), "")


def _said(incident: Incident) -> str:
    return incident.latest.situation if incident.latest else ""
