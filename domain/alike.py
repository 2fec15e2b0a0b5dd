"""What looks alike: open reports and open incidents that a suspicion may be the same as, offered while it is typed."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from domain.catalog import Facility, Service, Symptom
from domain.db import db
from domain.hotline import OPEN, Report
from domain.incidents import Incident, open_incidents
from domain.text import fold

RECENT = timedelta(hours=24)
ENOUGH = 0.3
"""How much must be shared, of 1, to be offered. An offer costs a glance; a missed one costs a second alarm."""

_RUNS = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
_ONLY_HIRAGANA = re.compile(r"[ぁ-ゖー]+")


@dataclass(frozen=True)
class Alike:
    """Something that the suspicion may be the same as."""

    score: float
    report: Report | None = None
    incident: Incident | None = None

    @property
    def code(self) -> str:
        return self.report.code if self.report else self.incident.code if self.incident else ""


def likeness(one: str, other: str) -> float:
    """How much of the shorter text is in the other, from 0 to 1. Pure; width, case and kana do not matter.

    Counts pairs of characters of Japanese and whole words of Latin script. Grammar (pairs of hiragana, short
    words) counts little; alone it never makes two texts alike.
    """
    first, second = _weights(one), _weights(other)
    shared = sum(weight for gram, weight in first.items() if gram in second)
    smaller = min(sum(first.values()), sum(second.values()))
    return shared / smaller if shared >= 1 else 0.0


def _weights(text: str) -> dict[str, float]:
    """The grams of a text and how much each says. What is katakana stays heavy although it is compared as hiragana."""
    weights: dict[str, float] = {}
    for word in re.split(r"\s+", text):
        folded = fold(word)
        # Where folding changed kana, the word was written in katakana: a name or a thing, not grammar.
        heavy = _katakana(word, folded)
        for run in _RUNS.finditer(folded):
            if run[0][0].isascii():
                weights[run[0]] = 0.3 if len(run[0]) < 4 and not any(char.isdigit() for char in run[0]) else 1.0
                continue
            for start in range(run.start(), max(run.end() - 1, run.start() + 1)):
                gram = folded[start : min(start + 2, run.end())]
                light = _ONLY_HIRAGANA.fullmatch(gram) and not any(heavy[start : start + 2])
                weights[gram] = max(weights.get(gram, 0), 0.2 if light else 1.0)
    return weights


def _katakana(word: str, folded: str) -> list[bool]:
    plain = unicodedata.normalize("NFKC", word).casefold()
    if len(plain) != len(folded):
        return [False] * len(folded)
    return [before != after for before, after in zip(plain, folded, strict=True)]


def alike(
    text: str,
    symptom: Symptom | None,
    at: datetime,
    *,
    service: Service | None = None,
    facility: Facility | None = None,
    limit: int = 3,
) -> list[Alike]:
    """Open reports of the last 24 hours and incidents being handled that look like it, the likest first.

    Alike is what shares its words, its tile or its service. Restored incidents are not offered: what happens again
    after them is news; nor are drills. A constant number of queries.
    """
    typed = f"{symptom.name if symptom else ''} {text}"
    found = [Alike(_likeness_of_report(report, typed, symptom, service, facility), report) for report in _recent(at)]
    for incident in open_incidents(at):
        if incident.resolved_at is None and not incident.drill:
            found.append(Alike(_likeness_of_incident(incident, typed, service), incident=incident))
    good = [one for one in found if one.score >= ENOUGH]
    return sorted(good, key=lambda one: (-one.score, one.report is not None))[:limit]


def _recent(at: datetime) -> list[Report]:
    query = (
        select(Report)
        .options(joinedload(Report.symptom), joinedload(Report.facility))
        .where(Report.status.in_(OPEN), Report.created_at > at - RECENT)
        .order_by(Report.id.desc())
        .limit(100)
    )
    return list(db.session.scalars(query))


def _likeness_of_report(
    report: Report, typed: str, symptom: Symptom | None, service: Service | None, facility: Facility | None
) -> float:
    place = report.facility.name if report.facility else report.facility_text
    words = f"{report.symptom.name if report.symptom else ''} {report.body[:2000]} {place}"
    score = likeness(typed, words)
    score += 0.5 if symptom is not None and report.symptom_id == symptom.id else 0
    score += 0.3 if service is not None and report.service_id == service.id else 0
    return score + (0.2 if facility is not None and report.facility_id == facility.id else 0)


def _likeness_of_incident(incident: Incident, typed: str, service: Service | None) -> float:
    said = incident.latest.situation[:1000] if incident.latest else ""
    touched = {row.service_id for row in incident.affected}
    score = likeness(typed, f"{incident.title} {said}")
    return score + (0.3 if service is not None and service.id in touched else 0)
