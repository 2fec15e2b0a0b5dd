"""What one person is told, by message or mail: read when it is sent, so that it says how things stand then."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain import copies, followers, go_ahead, questions
from domain.db import db
from domain.learning_clock import KINDS as LEARNING
from domain.outbox import Delivery
from domain.people import Person
from domain.questions import Answer, Question
from domain.suspicion import THANKED, Report
from domain.telling import CHANGED
from domain.updates import Update
from integrations.learning_facts import LearningFacts, load_learning


@dataclass(frozen=True)
class News:
    """What an update said of its incident. `corrected`: it puts right what was said before."""

    code: str
    title: str
    state: str
    situation: str
    outcome: str = ""
    next_update_at: datetime | None = None
    corrected: bool = False


@dataclass(frozen=True)
class ToldFacts:
    """One person and what they are told. `needless`: gone (they have left) or overtaken (something newer is told).

    `of`: the kind of what is told, also where this changes it. `token`: the address in mails that ends them.
    """

    of: str
    name: str = ""
    slack_id: str = ""
    email: str = ""
    locale: str | None = None
    needless: str = ""
    token: str = ""
    edit: bool = False
    drill: bool = False
    code: str = ""
    title: str = ""
    question: str = ""
    answer: str = ""
    by: str = ""
    corrected: bool = False
    report: int = 0
    minutes: int | None = None
    news: tuple[News, ...] = ()
    learning: LearningFacts | None = None
    wording: str = ""
    pending: int = 0
    state: str = ""


def load_told(row: Delivery) -> ToldFacts:
    """The facts of a delivery to one person."""
    details = row.details
    person = db.session.get_one(Person, details["person"])
    kept = followers.kept_settings(person)
    edit = row.kind == CHANGED
    told = ToldFacts(
        of=str(details.get("of", row.kind)), name=person.name, slack_id=person.slack_id or "", email=person.email,
        locale=person.locale, needless="" if person.is_active else "gone", token=kept.token if kept else "", edit=edit,
    )  # fmt: skip
    if told.of == questions.ANSWERED:
        return _answered(told, details["question"])
    if told.of in (go_ahead.ASKED, go_ahead.ANSWERED):
        return _asked_first(told, details["pending"])
    if told.of == copies.COPIED:
        return _copied(told, details["copy"])
    if told.of in LEARNING:
        facts = load_learning(told.of, details, person)
        needless = told.needless or ("overtaken" if facts.needless else "")
        return replace(told, learning=facts, needless=needless, drill=facts.drill)
    if told.of == THANKED:
        return _thanked(told, row)
    numbers = details["updates"] if told.of == followers.NIGHT else [details["update"]]
    found = tuple(_news(update) for update in followers.news(numbers))
    # A message that is there already is put right even where something newer has been said since.
    if not found and edit:
        found = (_news(db.session.get_one(Update, details["update"])),)
    return replace(told, news=found, needless=told.needless or ("" if found else "overtaken"))


def _answered(told: ToldFacts, number: int) -> ToldFacts:
    question = db.session.get_one(Question, number)
    answer: Answer | None = question.answer
    return replace(
        told, code=question.incident.code, title=question.incident.title, drill=question.incident.drill,
        question=question.body,
        answer=answer.body if answer else "", by=answer.by.name if answer else "", corrected=len(question.answers) > 1,
    )  # fmt: skip


def _asked_first(told: ToldFacts, number: int) -> ToldFacts:
    """`pending`: the number by which it is decided, 0 once it is; `question`: the words, `answer`: why not."""
    one = db.session.get_one(go_ahead.PendingUpdate, number)
    waits = one.state == "waiting"
    needless = "" if waits or told.edit or told.of == go_ahead.ANSWERED else "overtaken"
    return replace(
        told, code=one.incident.code, title=one.incident.title, drill=one.incident.drill, state=one.state,
        question=go_ahead.short(one), answer=one.note, by=one.by.name if waits or one.decided_by is None
        else one.decided_by.name, pending=one.id if waits else 0, needless=told.needless or needless,
    )  # fmt: skip


def _copied(told: ToldFacts, number: int) -> ToldFacts:
    """`answer`: what stands there now, empty where it was withdrawn. Needless once the person knows."""
    copy = db.session.get_one(copies.Copy, number)
    return replace(
        told, code=copy.incident.code, title=copy.incident.title, wording=copy.name, answer=copy.text,
        needless=told.needless or ("" if copy.told is not None and copy.seen_at is None else "seen"),
    )  # fmt: skip


def _thanked(told: ToldFacts, row: Delivery) -> ToldFacts:
    """Needless where it broke out again before the morning came."""
    report = db.session.get_one(Report, row.report_id)
    incident = report.incident
    if incident is None or incident.resolved_at is None:
        return replace(told, needless=told.needless or "overtaken")
    return replace(
        told, code=incident.code, title=incident.title, report=report.id, minutes=report.minutes_to_declaration
    )


def _news(update: Update) -> News:
    incident = update.incident
    return News(
        code=incident.code, title=incident.title, state=update.state, situation=update.situation,
        outcome=incident.outcome, next_update_at=update.next_update_at, corrected=update.corrects_id is not None,
    )  # fmt: skip
