"""What the browser tests look at: an organisation in the middle of a morning, made with the domain's own verbs."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask
from PIL import Image
from sqlalchemy import select

from app import create_app
from domain import (
    absences,
    cycles,
    facility_import,
    hotline,
    incidents,
    maintenances,
    overrides,
    planning,
    roster,
    timeline,
)
from domain.catalog import Service, Symptom
from domain.cycles import Cycle
from domain.db import db, writing
from domain.encoding import encode
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person
from domain.planning import Draft, Row, Turn
from domain.suspicion import Report
from domain.walltime import Window

Found = TypeVar("Found")
UTC_ZONE = ZoneInfo("UTC")
ADMIN, RESPONDER, BRIDGE, READER, DEPUTY = 1, 2, 3, 4, 6
FACILITIES = """name,reading,services
青葉アドベンチャーパーク,あおばあどべんちゃーぱーく,入場管理;予約サイト
みなと水族館,みなとすいぞくかん,入場管理
ことのほか名前の長い総合レクリエーション施設インターナショナルリゾート別館,ことのほかながい,確認メール
"""
LONG = "一部の施設で入場QRコードが読み取れず、あわせて予約サイトの決済画面が繰り返し読み込み中のままになる（iOS 19.4 以降の端末）"

PAGES = (
    "/", "/?facility=みなと", "/history", "/history?q=zzz", "/incidents/{live}", "/incidents/{late}", "/incidents/{restored}",
    "/actions", "/postmortems", "/figures", "/incidents/{live}/postmortem", "/incidents/{live}/actions/new",
    "/incidents/{live}/timeline", "/incidents/{live}/timeline?q=zzz", "/incidents/{live}/timeline/{note}",
    "/incidents/{planned}", "/incidents/{live}/updates/new", "/incidents/{live}/edit", "/incidents/new", "/areas/system/pagerduty",
    "/incidents/new?report={suspicion}", "/reports", "/reports/new", "/reports/{suspicion}", "/reports/{judged}?thanks=1",
    "/maintenances/new", "/templates", "/templates/investigating/ja", "/roster", "/roster/system", "/roster/system/plan",
    "/roster?at=2026-08-11T10:30", "/roster?at=soon", "/roster/week", "/roster/week?from=soon", "/roster/mine",
    "/roster/month", "/roster/month?month=2026-05", "/roster/search", "/roster/search?q=zzz",
    "/roster/hours", "/roster/days",
    "/roster/partner/plan", "/roster/partner", "/roster/covers?kind=swap", "/roster/absences",
    "/roster/absences/{absence}", "/roster/covers", "/roster/covers/{cover}", "/areas", "/areas/system",
    "/people", "/people/2", "/people/import", "/me", "/following", "/logout", "/services", "/symptoms", "/facilities/import",
    "/administration", "/administration/tokens", "/me/calendars", "/deliveries", "/nothing-here",
)  # fmt: skip
"""Every page of the product, as an administrator may open it; `{names}` are those of `Scene.names`."""


class Scene:
    """Changes what a running portal shows, from outside of its process, as another process of it would."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.names: dict[str, Any] = {}

    def write(self, act: Callable[[], Found]) -> Found:
        """One transaction of the domain's verbs."""
        with self._app.app_context():
            try:
                with writing():
                    return act()
            finally:
                db.session.remove()

    def read(self, look: Callable[[], Found]) -> Found:
        with self._app.app_context():
            try:
                return look()
            finally:
                db.session.remove()

    def close(self) -> None:
        with self._app.app_context():
            db.engine.dispose()

    def declare(self, title: str, **more: Any) -> str:
        """A new incident, as a responder declares it; gives its code."""
        return self.write(lambda: _declare(title, at=_now(), **more).code)

    def publish(self, code: str, *, state: str = "investigating", minutes: float = 30, **words: str) -> None:
        """An update by the bridge; words that are not given stay."""

        def act() -> None:
            incident = incidents.by_code(code)
            assert incident
            before = {name: getattr(incident.latest, name) for name in incidents.WORDS} if incident.latest else {}
            due = None if state == "resolved" else _now() + timedelta(minutes=minutes)
            _publish(incident, _now(), state, {**before, **words}, due)

        self.write(act)

    def close_incident(self, code: str) -> None:
        """Restored and done with: it leaves the board."""

        def act() -> None:
            incident = incidents.by_code(code)
            assert incident
            if incident.resolved_at is None:
                _publish(incident, _now(), "resolved", {"situation": "復旧しました。"}, None)
            incident.close(by=_person(ADMIN), at=_now())

        self.write(act)

    def report(self, body: str) -> int:
        """A suspicion that nobody has looked at yet."""
        return self.write(lambda: hotline.file(key=_key(), by=_person(READER), at=_now(), body=body).id)

    def judge(self, number: int, verdict: str, note: str = "") -> None:
        def act() -> None:
            report = db.session.get(Report, number)
            assert report
            report.judge(verdict, by=_person(RESPONDER), at=_now(), note=note)

        self.write(act)

    def sign_out_everywhere(self, number: int) -> None:
        self.write(lambda: _person(number).sign_out_everywhere())

    def count(self, kind: type) -> int:
        return self.read(lambda: db.session.query(kind).count())


def opened(folder: Path, environment: dict[str, str]) -> Iterator[Scene]:
    """The scene of an instance folder; nothing is put into it yet."""
    given = {"SECRET_KEY": "for tests only", "SLACK_BOT_TOKEN": environment["SLACK_BOT_TOKEN"]}
    scene = Scene(create_app(given, str(folder)))
    yield scene
    scene.close()


def fill(scene: Scene) -> None:
    """A live incident with a correction, a late one, a restored one, one that is closed, planned work, a suspicion,
    a judged report, an absence, a cover that is asked for, and a delivery that failed."""
    scene.write(
        lambda: facility_import.carry_out(facility_import.plan(FACILITIES.encode()), by=_person(ADMIN), at=_now())
    )
    scene.names = scene.write(_morning)
    scene.write(_one_failed_delivery)


def _morning() -> dict[str, Any]:
    at = _now()
    live = _live(at)
    late = _declare("確認メールが届かない", severity="minor", service=3, at=at - timedelta(minutes=40))
    words = {
        "situation": "確認メールの送信が遅れています。",
        "guest_notice": "予約は成立しています。画面の予約番号をお控えください。",
    }
    _publish(late, at - timedelta(minutes=35), "investigating", words, at - timedelta(minutes=12))
    suspicion = hotline.file(
        key=_key(), by=_person(READER), at=at - timedelta(minutes=9), symptom=_tile(2), body="決済が遅い気がします"
    )
    suspicion.add_voice(by=_person(BRIDGE), at=at - timedelta(minutes=8), note="こちらもです")
    suspicion.acknowledge(by=_person(DEPUTY), at=at - timedelta(minutes=6))
    judged = hotline.file(key=_key(), by=_person(ADMIN), at=at - timedelta(hours=2), body="画面の文字が小さくなった")
    judged.judge("no_incident", by=_person(RESPONDER), at=at - timedelta(minutes=100), note="ブラウザの拡大率でした。")
    absence = absences.record_absence(
        _person(BRIDGE), starts_at=at + timedelta(days=3), ends_at=at + timedelta(days=5), by=_person(BRIDGE), at=at
    )
    cover = overrides.offer_cover(
        _person(DEPUTY), _person(RESPONDER), None, starts_at=at + timedelta(hours=5), ends_at=at + timedelta(hours=9),
        by=_person(RESPONDER), at=at,
    )  # fmt: skip
    _turns(at)
    return {
        "live": live.code, "note": _noted(live, at), "late": late.code, "restored": _restored(at).code, "planned": _planned(at).code,
        "suspicion": suspicion.id, "judged": judged.id, "absence": absence.id, "cover": cover.id,
    }  # fmt: skip


def _turns(at: datetime) -> None:
    """The area for partners takes turns by the week, and has somebody else at night."""
    cycle = Cycle("週番", (_person(DEPUTY), _person(BRIDGE)), cycles.last_monday(at, UTC_ZONE))
    rows = (Row((_person(DEPUTY), _person(ADMIN)), (Window(22 * 60, 6 * 60),)), Row((Turn(0), Turn(0, 1))))
    area = roster.area_by_key("partner")
    assert area
    latest = planning.latest_plan(area)
    planning.set_plan(
        area, Draft(rows, (cycle,)), starts_at=at, seen=latest.id if latest else None, by=_person(ADMIN), at=at
    )


def _live(at: datetime) -> Incident:
    incident = _declare(LONG, at=at - timedelta(minutes=50))
    words = {
        "situation": "入場ゲートで一部のQRコードが読み取れません。",
        "guest_notice": "ただいま入場に時間がかかっております。予約番号でもご入場いただけます。",
        "partner_notice": "予約番号の手入力で入場処理をお願いします。売上には影響しません。",
        "workaround": "予約番号を **手入力** してください。",
        "not_yet": "返金の有無、復旧の時刻。",
    }
    _publish(incident, at - timedelta(minutes=40), "investigating", words, at - timedelta(minutes=20))
    wrong = incident.latest
    said = {**words, "situation": "先ほど「全施設」とお伝えしましたが、正しくは一部の施設です。"}
    _publish(
        incident,
        at - timedelta(minutes=22),
        "identified",
        said,
        at + timedelta(minutes=8),
        corrects=wrong.id if wrong else None,
    )
    return incident


def _restored(at: datetime) -> Incident:
    incident = _declare("予約サイトの表示が遅い", severity="minor", service=2, at=at - timedelta(hours=4))
    words = {"situation": "復旧しました。", "guest_notice": "現在は通常どおりご利用いただけます。"}
    _publish(incident, at - timedelta(hours=3), "resolved", words, None)
    closed = _declare("先週の決済エラー", service=2, at=at - timedelta(days=6))
    _publish(closed, at - timedelta(days=6, hours=-1), "resolved", words, None)
    closed.close(by=_person(DEPUTY), at=at - timedelta(days=5))
    return incident


def _noted(incident: Incident, at: datetime) -> int:
    """A note that was put right, one that was struck, a marked message with files; gives the id of the first."""
    by, more = _person(RESPONDER), {"kind": "action", "for_bridge": True}
    first = timeline.add(incident, "DBを再起動 https://example.jp/?a=1&b=2", by=by, at=at, **more)
    first.correct(f"DBのフェイルオーバーを開始 {LONG}", by=_person(BRIDGE), at=at)
    timeline.add(incident, "思い違い", by=by, at=at, internal=True).strike(by=by, at=at)
    marked = timeline.add(incident, "画面です", by=by, at=at, kind="communication")
    marked.source, marked.slack_link, marked.marked_by = "slack", "https://slack.example/p1", "高橋 由紀子"
    picture = BytesIO()
    Image.new("RGB", (600, 400), "#17497a").save(picture, "PNG")
    for number, (name, data) in enumerate((("画面.png", picture.getvalue()), ("a.log", b"x"))):
        file = timeline.File(slack_id=f"F{number}", name=name, created_at=at)
        file.keep(encode(BytesIO(data)) if name.endswith("png") else data)
        marked.files.append(file)
    return first.id


def _planned(at: datetime) -> Incident:
    return maintenances.plan_maintenance(
        key=_key(), by=_person(RESPONDER), at=at, title="予約サイトの夜間メンテナンス", began_at=at + timedelta(days=1),
        ends_at=at + timedelta(days=1, hours=3), services={_service(2): "under_maintenance"},
        words={"situation": "夜間に予約サイトを停止します。", "guest_notice": "この時間帯は予約いただけません。"},
    )  # fmt: skip


def _declare(title: str, *, at: datetime, severity: str = "major", service: int = 1, holding: bool = True) -> Incident:
    return incidents.declare(
        key=_key(), by=_person(RESPONDER), at=at, title=title, severity=severity, services={_service(service): "partial_outage"},
        began_at=at - timedelta(minutes=4), holding=holding,
        holding_words={"situation": "状況を確認しています。", "guest_notice": "状況を確認しております。少々お待ちください。"},
    )  # fmt: skip


def _publish(
    incident: Incident,
    at: datetime,
    state: str,
    words: dict[str, str],
    due: datetime | None,
    corrects: int | None = None,
) -> None:
    incident.publish(
        key=_key(), by=_person(BRIDGE), at=at, state=state, words=words, next_update_at=due, corrects=corrects
    )
    db.session.flush()
    db.session.expire(incident)


def _one_failed_delivery() -> None:
    delivery = db.session.scalar(
        select(Delivery).where(Delivery.kind == "incident.updated").order_by(Delivery.id.desc())
    )
    assert delivery
    delivery.state, delivery.delivered_at, delivery.error = "failed", None, "Slack: channel_not_found"


def _person(number: int) -> Person:
    return db.session.get_one(Person, number)


def _service(number: int) -> Service:
    return db.session.get_one(Service, number)


def _tile(number: int) -> Symptom:
    return db.session.get_one(Symptom, number)


def _key() -> str:
    return secrets.token_hex(12)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
