"""A report and what can be done with it: voices, details, photos, the verdict; each told to Slack."""

from datetime import datetime, timedelta
from typing import Any, Union

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain import report_paging
from domain.additions import Addition, Photo, Voice
from domain.catalog import Facility, Service, Symptom
from domain.db import Model, db
from domain.errors import Conflict, Refused
from domain.events import record
from domain.followers import is_night, morning_after, services
from domain.incidents import Incident
from domain.outbox import Delivery, enqueue
from domain.people import Person
from domain.telling import Word, tell
from domain.text import clean, cut, is_blank, one_line

OPEN = ("received", "acknowledged")
"""A report in one of these is a suspicion: nobody has judged it yet, and the board says so."""

LONGEST = 20_000
"""Characters of a typed text, at most."""

THANKED = "told.restored"

MOST_CUSTOMERS = 10_000_000
MOST_PHOTOS = 10

AHEAD = timedelta(minutes=5)
"""How far "since" may lie ahead: clocks differ."""


class Report(Model):
    """A suspicion. `status`: received, acknowledged, incident, duplicate or no_incident."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(20), default="received", index=True)
    reporter_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    symptom_id: Mapped[int | None] = mapped_column(ForeignKey("symptoms.id"), index=True)
    body: Mapped[str] = mapped_column(Text, default="")
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"), index=True)
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facilities.id"), index=True)
    facility_text: Mapped[str] = mapped_column(String(200), default="")
    since: Mapped[datetime | None]
    customers: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    judged_at: Mapped[datetime | None]
    judged_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), index=True)

    reporter: Mapped[Person] = relationship(foreign_keys=[reporter_id])
    acknowledged_by: Mapped[Person | None] = relationship(foreign_keys=[acknowledged_by_id])
    judged_by: Mapped[Person | None] = relationship(foreign_keys=[judged_by_id])
    symptom: Mapped[Symptom | None] = relationship()
    service: Mapped[Service | None] = relationship()
    facility: Mapped[Facility | None] = relationship()
    incident: Mapped[Incident | None] = relationship(foreign_keys=[incident_id])
    duplicate_of: Mapped["Report | None"] = relationship(remote_side=[id])
    voices: Mapped[list["Voice"]] = relationship(back_populates="report", order_by="Voice.id")
    additions: Mapped[list["Addition"]] = relationship(back_populates="report", order_by="Addition.id")
    photos: Mapped[list["Photo"]] = relationship(back_populates="report", order_by="Photo.id")

    @property
    def code(self) -> str:
        """Short, stable, sayable: `R-312`."""
        return f"R-{self.id}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def root(self) -> "Report":
        """The report that this one is the same as, through any number of steps; itself where it is none."""
        report = self
        while report.duplicate_of is not None:
            report = report.duplicate_of
        return report

    def headline(self, locale: str) -> str:
        """What was reported in one line of 60 characters at most: the tile and the beginning of the sentence."""
        return headline(self.symptom.called(locale) if self.symptom else "", self.body, locale) or self.code

    def voice_of(self, person: Person) -> "Voice | None":
        return next((voice for voice in self.voices if voice.person_id == person.id), None)

    def told_us(self, person: Person) -> bool:
        """Whether it is the person's report or the person's voice is among it: they may add to it."""
        return person.id == self.reporter_id or self.voice_of(person) is not None

    def add_voice(self, *, by: Person, at: datetime, note: str = "", customers: int | None = None) -> "Report":
        """Somebody sees the same; one voice a person, a second one adds to the first. The reporter's is not doubled.

        A voice on a duplicate counts where it is handled: the report it went to is returned. A voice after
        "no incident" opens the report again, and the hotline is told.

        Raises:
            Refused: the note is too long, or there cannot be so many customers.
        """
        if self.duplicate_of is not None:
            return self.root.add_voice(by=by, at=at, note=note, customers=customers)
        note, customers = good_words(note, "note"), good_customers(customers)
        new = self._keep_voice(note, customers, by, at)
        if self.status == "no_incident":
            self._reopen(by, at, note)
        elif new or note or customers is not None:
            record("report.voice", by=by, at=at, report_id=self.id, note=note, customers=customers)
            # A bare "me too" only raises the number in the message: fifty of them must not fill the thread.
            if note or customers is not None or not self.is_open:
                self._tell("voice", by, at, note=note, customers=customers)
            else:
                self._bring_up_to_date(at)
        return self

    def add_details(
        self,
        *,
        by: Person,
        at: datetime,
        body: str = "",
        service: Service | None = None,
        facility: Facility | None = None,
        facility_text: str = "",
        since: datetime | None = None,
        customers: int | None = None,
    ) -> None:
        """What is known only after sending. Words are added, never replaced; the rest replaces what stood there.

        Sent twice, the second changes nothing.

        Raises:
            Refused: as in `file`.
        """
        body = good_words(body)
        given: dict[str, Any] = {"since": good_since(since, at), "customers": good_customers(customers)}
        given["service_id"] = service.id if service else None
        if facility is not None or facility_text:
            given["facility_id"] = facility.id if facility else None
            given["facility_text"] = "" if facility else good_place(facility_text)
        changed = {
            name: value
            for name, value in given.items()
            if (value is not None or name == "facility_id") and getattr(self, name) != value
        }
        if voice := self.voice_of(by):
            voice.customers = changed.pop("customers", voice.customers)
        for name, value in changed.items():
            setattr(self, name, value)
        new = not is_blank(body) and not any(one.body == body and one.person_id == by.id for one in self.additions)
        if new:
            db.session.add(Addition(report=self, person_id=by.id, body=body, created_at=at))
        if new or changed:
            db.session.flush()
            db.session.expire(self, ["service", "facility"])
            record("report.details", by=by, at=at, report_id=self.id, body=body if new else "", changed=sorted(changed))
            self._tell("details", by, at, body=body if new else "", changed=sorted(changed))

    def add_photo(self, *, by: Person, at: datetime, data: bytes, media_type: str, width: int, height: int) -> "Photo":
        """A picture that we encoded ourselves; the same one again is the same.

        Raises:
            Refused: there are ten already.
        """
        for photo in self.photos:
            if (photo.width, photo.height) == (width, height) and photo.data == data:
                return photo
        if len(self.photos) >= MOST_PHOTOS:
            raise Refused("photo", "photo_many", most=MOST_PHOTOS)
        photo = Photo(
            report=self, person_id=by.id, media_type=media_type, width=width, height=height, data=data, created_at=at
        )
        db.session.add(photo)
        db.session.flush()
        record("report.photo", by=by, at=at, report_id=self.id, photo=photo.id)
        enqueue("slack", "report.photo", at=at, report_id=self.id, needs=self._thread(), details={"photo": photo.id})
        return photo

    def judge(
        self,
        verdict: str,
        *,
        by: Person,
        at: datetime,
        note: str = "",
        of: Union["Report", Incident, None] = None,
        take: bool = False,
    ) -> None:
        """A responder's verdict. `of`: what it is the same as, or the open incident it belongs to.

        Raises:
            Conflict: it is judged already, or somebody else is checking (`take` takes over).
            Refused: no such verdict, or nothing that it is the same as.
        """
        note = good_words(note, "note")
        if verdict == "acknowledged":
            self.acknowledge(by=by, at=at, take=take)
        elif verdict == "no_incident":
            self.no_incident(by=by, at=at, note=note)
        elif verdict == "duplicate":
            self.mark_duplicate(of, by=by, at=at, note=note)
        elif verdict == "incident":
            if not isinstance(of, Incident):
                raise Refused("incident", "incident_missing")
            if self.status == "no_incident":
                raise self._judged()
            self.become(of, by=by, at=at)
        else:
            raise Refused("verdict", "verdict_missing")

    def acknowledge(self, *, by: Person, at: datetime, take: bool = False) -> None:
        """Somebody starts checking; again by the same person changes nothing.

        Raises:
            Conflict: it is judged already, or somebody else is checking and `take` does not say to take over.
        """
        if not self.is_open:
            raise self._judged()
        if self.acknowledged_by_id == by.id:
            return
        if self.acknowledged_by is not None and not take:
            raise Conflict("report_acknowledged", name=self.acknowledged_by.name)
        self.status, self.acknowledged_at, self.acknowledged_by = "acknowledged", at, by
        record("report.acknowledged", by=by, at=at, report_id=self.id)
        report_paging.end(self.id, at=at)
        self._tell("acknowledged", by, at)

    def no_incident(self, *, by: Person, at: datetime, note: str = "") -> None:
        """It was none; the reporter is thanked.

        Raises:
            Conflict: it is judged already (the same verdict by the same person again changes nothing).
        """
        if self._settle("no_incident", by, at, note):
            record("report.no_incident", by=by, at=at, report_id=self.id, note=note)
            self._tell("no_incident", by, at, note=note)

    def mark_duplicate(self, of: Union["Report", Incident, None], *, by: Person, at: datetime, note: str = "") -> None:
        """It is the same as another report, or belongs to an incident that is being handled.

        Raises:
            Conflict: it is judged already, or that incident is no longer handled.
            Refused: nothing given that it could be the same as.
        """
        incident = of if isinstance(of, Incident) else None
        report = of.root if isinstance(of, Report) else None
        if incident is None and (report is None or report is self):
            raise Refused("duplicate_of", "duplicate_of_missing")
        if incident is not None and incident.closed_at is not None:
            raise Conflict("incident_closed", incident=incident.code)
        if self._settle("duplicate", by, at, note, incident=incident, duplicate_of=report):
            code = (incident or report).code  # type: ignore[union-attr]
            record("report.duplicate", by=by, at=at, report_id=self.id, note=note, of=code)
            self._tell("duplicate", by, at, note=note, of=code)

    def become(self, incident: Incident, *, by: Person, at: datetime) -> None:
        """The suspicion is this incident; also after "no incident", should that have been wrong.

        Raises:
            Conflict: it belongs to an incident already (`incident` in its params is the code), or to another report.
        """
        if self.incident_id is not None:
            if self.incident_id == incident.id:
                return
            raise Conflict("report_has_incident", incident=f"INC-{self.incident_id}")
        if self.duplicate_of is not None:
            raise Conflict("report_is_duplicate", of=self.duplicate_of.code)
        if incident.closed_at is not None:
            raise Conflict("incident_closed", incident=incident.code)
        self.status, self.judged_at, self.judged_by, self.incident = "incident", at, by, incident
        db.session.flush()
        report_paging.end(self.id, at=at)
        record("report.incident", by=by, at=at, report_id=self.id, incident_id=incident.id, of=incident.code)
        self._tell("incident", by, at, incident=incident.code)

    @property
    def minutes_to_declaration(self) -> int | None:
        """From the report to the declaration, whole minutes; None where it came after, or there was none."""
        if self.incident is None or self.status != "incident" or self.created_at > self.incident.declared_at:
            return None
        return int((self.incident.declared_at - self.created_at).total_seconds() // 60)

    def hear(self, what: str, incident: Incident, *, by: Person, at: datetime) -> None:
        """What became of its incident: `restored`, `went_on` or `merged`. Its thread is told; at the restoration
        whoever reported what it began with is thanked, once.
        """
        if self.status not in ("incident", "duplicate"):
            return
        record(f"report.{what}", by=by, at=at, report_id=self.id, incident_id=incident.id, of=incident.code)
        first = announcement(self)
        # What joined an incident was told in its thread, where the update itself stands.
        if first is not None and first.kind == "report.filed":
            self._tell(what, by, at, incident=incident.code)
        if what == "restored" and self.status == "incident" and not incident.drill:
            self._thank(incident, by, at)

    def _thank(self, incident: Incident, by: Person, at: datetime) -> None:
        """A word to the reporter, in Slack or by mail as they like; at night in the morning."""
        reporter = self.reporter
        if not reporter.is_active or reporter.id == by.id:
            return
        asleep, way = morning_after(at) if is_night(at) else None, services([reporter])[reporter.id]
        word = Word(THANKED, reporter, (self.id,), way, incident.id, self.id, not_before=asleep)
        tell([word], at)

    def was_none_after_all(self, *, by: Person, at: datetime) -> None:
        """Its incident was none; whoever reported it is thanked as for any other."""
        if self.status != "incident":
            return
        self.status, self.judged_at, self.judged_by, self.incident = "no_incident", at, by, None
        db.session.flush()
        record("report.no_incident", by=by, at=at, report_id=self.id, note="")
        self._tell("no_incident", by, at)

    def _settle(
        self, status: str, by: Person, at: datetime, note: str,
        incident: Incident | None = None, duplicate_of: "Report | None" = None,
    ) -> bool:  # fmt: skip
        """Judges it; False when the same person had judged it the same way already."""
        if not self.is_open:
            target = (incident.id if incident else None, duplicate_of.id if duplicate_of else None)
            if (self.status, self.judged_by_id) == (status, by.id) and (
                self.incident_id,
                self.duplicate_of_id,
            ) == target:
                return False
            raise self._judged()
        self.status, self.judged_at, self.judged_by, self.note = status, at, by, note
        self.incident, self.duplicate_of = incident, duplicate_of
        db.session.flush()
        report_paging.end(self.id, at=at)
        return True

    def _judged(self) -> Conflict:
        return Conflict("report_judged", name=self.judged_by.name if self.judged_by else "")

    def _keep_voice(self, note: str, customers: int | None, by: Person, at: datetime) -> bool:
        """Writes the voice down; whether it is a new one."""
        if by.id == self.reporter_id:
            if note:
                db.session.add(Addition(report=self, person_id=by.id, body=note, created_at=at))
            self.customers = self.customers if customers is None else customers
            db.session.flush()
            return False
        voice = self.voice_of(by)
        new = voice is None
        if voice is None:
            voice = Voice(report=self, person_id=by.id, created_at=at)
            db.session.add(voice)
        if note and note not in voice.note:
            voice.note = f"{voice.note}\n{note}".strip()
        voice.customers = voice.customers if customers is None else customers
        db.session.flush()
        return new

    def _reopen(self, by: Person, at: datetime, note: str) -> None:
        """Somebody still sees it: it is a suspicion again, and nobody has it in hand."""
        self.status = "received"
        self.acknowledged_at = self.acknowledged_by = self.judged_at = self.judged_by = None
        record("report.reopened", by=by, at=at, report_id=self.id, note=note)
        self._tell("reopened", by, at, note=note)

    def _thread(self) -> Delivery | None:
        """The delivery in whose Slack thread the report is told about: its own message, or its incident's."""
        first = announcement(self)
        return db.session.get(Delivery, first.needs_id) if first is not None and first.needs_id else first

    def _tell(self, what: str, by: Person, at: datetime, **details: Any) -> None:
        """Slack: the message is brought up to date, its thread is told."""
        self._bring_up_to_date(at)
        said = {"what": what, "by": by.id, **details}
        enqueue("slack", "report.told", at=at, report_id=self.id, needs=self._thread(), details=said)

    def _bring_up_to_date(self, at: datetime) -> None:
        first = announcement(self)
        if first is None or first.kind != "report.filed":
            return
        # The message is built when it is sent: one that still waits will show this change, too.
        waiting = select(Delivery.id).where(
            Delivery.report_id == self.id, Delivery.kind == "report.changed",
            Delivery.state == "waiting", Delivery.attempts == 0,
        )  # fmt: skip
        if db.session.scalar(waiting.limit(1)) is None:
            enqueue("slack", "report.changed", at=at, report_id=self.id, needs=first)


Incident.reports = relationship(Report, foreign_keys=[Report.incident_id], viewonly=True, order_by=Report.id)


def headline(tile: str, body: str, locale: str) -> str:
    """The tile and the beginning of the sentence in one line of 60 characters at most; empty where nothing was said."""
    words = "" if is_blank(body) else cut(one_line(body), 60 - len(tile))
    if tile and words:
        return f"{tile}: “{words}”" if locale == "en" else f"{tile}「{words}」"
    return tile or words


def announcement(report: Report) -> Delivery | None:
    """The delivery that brings the report to #hotline: whether it arrived is what its reporter wants to know."""
    return db.session.scalar(select(Delivery).where(Delivery.report_id == report.id).order_by(Delivery.id).limit(1))


def good_words(text: str | None, field: str = "body") -> str:
    """Typed text as it is kept, or Refused."""
    text = clean(text)
    if len(text) > LONGEST:
        raise Refused(field, "text_long", most=LONGEST, length=len(text))
    return text


def good_place(text: str | None) -> str:
    """The name of a place that is not in the list of facilities, or Refused."""
    text = one_line(text)
    if len(text) > 200:
        raise Refused("facility", "facility_long", most=200)
    return text


def good_customers(number: int | None) -> int | None:
    if number is not None and not 0 <= number <= MOST_CUSTOMERS:
        raise Refused("customers", "customers_impossible")
    return number


def good_since(since: datetime | None, at: datetime) -> datetime | None:
    if since is not None and since > at + AHEAD:
        raise Refused("since", "since_in_future")
    return since
