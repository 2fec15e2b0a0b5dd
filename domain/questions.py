"""Questions back: anybody asks, others second, the bridge answers once for all, the board shows what many ask."""

from collections.abc import Iterable
from datetime import datetime
from typing import Optional

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload

from domain import followers, telling
from domain.alike import ENOUGH, likeness
from domain.db import Model, db
from domain.errors import Conflict, Refused
from domain.events import record
from domain.incidents import Incident
from domain.people import Person
from domain.telling import Word
from domain.text import clean, is_blank

LONGEST = 2000
"""Characters of a question, at most."""

ANSWER_LONGEST = 5000
OFTEN = 2
"""Seconds from which on an answered question stands on the board."""

MOST_OFFERED = 3
ANSWERED = "told.answer"


class Question(Model):
    """A question about an incident. `marked`: the bridge wants its answer on the board, however few asked."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    marked: Mapped[bool] = mapped_column(default=False)

    incident: Mapped[Incident] = relationship()
    asked_by: Mapped[Person] = relationship()
    seconds: Mapped[list["Second"]] = relationship(order_by="Second.id")
    answers: Mapped[list["Answer"]] = relationship(order_by="Answer.id")

    @property
    def answer(self) -> Optional["Answer"]:
        """What counts now; None while it is open."""
        return self.answers[-1] if self.answers else None

    @property
    def is_frequent(self) -> bool:
        """Whether its answer stands on the board."""
        return bool(self.answers) and (self.marked or len(self.seconds) >= OFTEN)

    def second(self, *, by: Person, at: datetime) -> None:
        """Somebody wants to know the same; each counts once, who asked does not.

        Raises:
            Conflict: the incident is closed.
        """
        _open(self.incident)
        if by.id == self.asked_by_id or any(one.person_id == by.id for one in self.seconds):
            return
        self.seconds.append(Second(question_id=self.id, person_id=by.id, at=at))
        record("question.seconded", by=by, at=at, incident_id=self.incident_id, question=self.id)

    def give_answer(self, body: str, *, by: Person, at: datetime, seen: int | None = None) -> "Answer":
        """Answers once for all; another answer corrects the one before. The same words again change nothing.

        `seen`: the id of the answer that the author had before them, 0 for none. Whoever asked or seconded is told.

        Raises:
            Conflict: somebody answered in between, or the incident is closed.
            Refused: nothing said, or too long.
        """
        _open(self.incident)
        body = _good(body, ANSWER_LONGEST, "answer_missing")
        last = self.answer
        if last is not None and last.body == body:
            return last
        if seen is not None and seen != (last.id if last else 0):
            raise Conflict("answered_between")
        answer = Answer(question_id=self.id, body=body, by_id=by.id, by=by, at=at)
        self.answers.append(answer)
        db.session.flush()
        record("question.answered", by=by, at=at, incident_id=self.incident_id, question=self.id, corrects=bool(last))
        self._tell(answer, by, at)
        return answer

    def mark(self, marked: bool, *, by: Person, at: datetime) -> None:
        """Whether the answer stands on the board although few asked.

        Raises:
            Conflict: the incident is closed.
        """
        _open(self.incident)
        if self.marked != marked:
            self.marked = marked
            record("question.marked", by=by, at=at, incident_id=self.incident_id, question=self.id, marked=marked)

    def _tell(self, answer: "Answer", by: Person, at: datetime) -> None:
        """Each who wants to know is told once, in Slack or by mail as they like; a correction edits that message.
        Who answered knows.
        """
        wanted = list(dict.fromkeys([self.asked_by_id, *(one.person_id for one in self.seconds)]))
        keys = {telling.key_of(ANSWERED, (self.id,), person): person for person in wanted}
        told = telling.written(keys)
        for row in told.values():
            telling.change(row, {"answer": answer.id}, at)
        new = [person for key, person in keys.items() if key not in told and person != by.id]
        here = select(Person).where(Person.id.in_(new), Person.deactivated_at.is_(None))
        people = list(db.session.scalars(here))
        ways, details = followers.services(people), {"question": self.id, "answer": answer.id}
        words = [
            Word(ANSWERED, one, (self.id,), ways[one.id], incident_id=self.incident_id, details=details)
            for one in people
        ]
        telling.tell(words, at)


class Second(Model):
    """Somebody who wants to know the same."""

    __tablename__ = "question_seconds"
    __table_args__ = (UniqueConstraint("question_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]


class Answer(Model):
    """What the bridge answered: never changed. A later one of the same question corrects it."""

    __tablename__ = "answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]

    by: Mapped[Person] = relationship()


def ask(incident: Incident, body: str, *, key: str, by: Person, at: datetime) -> Question:
    """Asks; the same `key` again gives the same question. `key`: at most 64 characters.

    Raises:
        Conflict: the incident is closed, or the key was used for other words.
        Refused: nothing asked, or too long.
    """
    body = _good(body, LONGEST, "question_missing")
    if earlier := db.session.scalar(select(Question).where(Question.key == key)):
        if (earlier.asked_by_id, earlier.body) != (by.id, body):
            raise Conflict("key_used")
        return earlier
    _open(incident)
    question = Question(key=key, incident=incident, body=body, asked_at=at, asked_by=by)
    db.session.add(question)
    db.session.flush()
    record("question.asked", by=by, at=at, incident_id=incident.id, question=question.id)
    return question


def of(incident: Incident) -> list[Question]:
    """The questions of an incident: the open ones first, what most want to know on top, then the newest answers.

    Three queries, however many there are.
    """
    query = (
        select(Question)
        .options(
            joinedload(Question.asked_by),
            selectinload(Question.seconds),
            selectinload(Question.answers).joinedload(Answer.by),
        )
        .where(Question.incident_id == incident.id)
    )
    return sorted(db.session.scalars(query), key=_order)


def _order(question: Question) -> tuple[bool, float, float]:
    answer = question.answer
    if answer is None:
        return False, -len(question.seconds), question.asked_at.timestamp()
    return True, -answer.at.timestamp(), -question.id


def found(incident: Incident, number: int) -> Question | None:
    """The question of an incident with this id, or None."""
    return db.session.scalar(select(Question).where(Question.id == number, Question.incident_id == incident.id))


def alike(incident: Incident, text: str) -> list[Question]:
    """Questions of the incident that this one may be the same as, the likest first: open ones and answered ones."""
    if is_blank(text):
        return []
    scored = [(likeness(text[:LONGEST], one.body), one) for one in of(incident)]
    good = [(score, one) for score, one in scored if score >= ENOUGH]
    return [one for _, one in sorted(good, key=lambda pair: (-pair[0], pair[1].id))[:MOST_OFFERED]]


def frequent(incidents: Iterable[int]) -> dict[int, list[Question]]:
    """By incident what stands on the board under "asked and answered", the newest answer first."""
    wanted = list(incidents)
    if not wanted:
        return {}
    query = (
        select(Question)
        .options(selectinload(Question.seconds), selectinload(Question.answers))
        .where(Question.incident_id.in_(wanted), Question.answers.any())
    )
    shown: dict[int, list[Question]] = {}
    for question in sorted(db.session.scalars(query), key=_order):
        if question.is_frequent:
            shown.setdefault(question.incident_id, []).append(question)
    return shown


def move(incident: Incident, into: Incident) -> None:
    """The questions of the one belong to the other."""
    for question in db.session.scalars(select(Question).where(Question.incident_id == incident.id)):
        question.incident = into
    db.session.flush()


def _open(incident: Incident) -> None:
    if incident.closed_at is not None:
        raise Conflict("incident_closed", incident=incident.code)


def _good(body: str, most: int, missing: str) -> str:
    body = clean(body)
    if is_blank(body):
        raise Refused("body", missing)
    if len(body) > most:
        raise Refused("body", "words_long", most=most)
    return body
