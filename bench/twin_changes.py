"""What changes while `bench.twin` compares: forms that people send, what is written past every process, the clock."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

Change = Callable[[Any], None]


def report(trial: Any) -> None:
    trial.post(trial.anybody(), "/reports", key=f"k{trial.number()}", body=f"画面が出ません {trial.number()}")


def voice(trial: Any) -> None:
    trial.post(trial.anybody(), f"/reports/{trial.chance.choice(trial.reports or [1])}/voices", note="こちらも")


def judge(trial: Any) -> None:
    verdict = trial.chance.choice(("acknowledged", "no_incident"))
    number = trial.chance.choice(trial.reports or [1])
    trial.post(trial.admin(), f"/reports/{number}/verdict", verdict=verdict, note="見ました")


def declare(trial: Any) -> None:
    key = f"d{trial.number()}"
    trial.post(trial.admin(), "/incidents", key=key, title=f"障害 {key}", severity="minor", began_at="10:30", page="no")


def publish(trial: Any) -> None:
    state = trial.chance.choice(("investigating", "identified", "monitoring", "resolved"))
    fields = {"key": f"u{trial.number()}", "state": state, "situation": f"状況 {trial.number()}", "next_update": "15m"}
    trial.post(_bridge(trial), f"/incidents/INC-{_incident(trial)}/updates", guest_notice="お待ちください。", **fields)


def close(trial: Any) -> None:
    trial.post(trial.admin(), f"/incidents/INC-{_incident(trial)}/closure")


def ask(trial: Any) -> None:
    trial.post(trial.anybody(), f"/incidents/INC-{_incident(trial)}/questions", body=f"いつ戻りますか {trial.number()}")


def follow(trial: Any) -> None:
    trial.post(trial.anybody(), "/following", what=f"incident-{_incident(trial)}")


def speak(trial: Any) -> None:
    trial.post(trial.anybody(), "/language", language=trial.chance.choice(("ja", "en", "")), next="/")


def sign_out_everywhere(trial: Any) -> None:
    browser = trial.anybody()
    old = dict(browser.cookies)
    trial.post(browser, "/me/signing-out")
    # What the other devices still send opens nothing; some sign in again.
    browser.cookies = old
    for one in trial.people:
        if one.person == browser.person:
            trial.read(one)
            if trial.chance.random() < 0.7:
                trial._sign_in(one)


def deactivate(trial: Any) -> None:
    number = trial.chance.choice(trial.raw.ids("people", "NOT is_admin"))
    trial.post(trial.admin(), f"/people/{number}/deactivation")
    for one in trial.people:
        if one.person == number:
            trial.read(one)


def reactivate(trial: Any) -> None:
    for number in trial.raw.ids("people", "deactivated_at IS NOT NULL"):
        trial.post(trial.admin(), f"/people/{number}/reactivation")
    for one in trial.people:
        trial._sign_in(one)


def make_admin(trial: Any) -> None:
    number = trial.chance.choice(trial.raw.ids("people")[1:])
    trial.commit("UPDATE people SET is_admin = NOT is_admin WHERE id = %s", number)


def change_line(trial: Any) -> None:
    """Somebody else stands in a plan: rights change."""
    slot = trial.chance.choice(trial.raw.ids("plan_slots", "person_id IS NOT NULL"))
    trial.commit(
        "UPDATE plan_slots SET person_id = %s WHERE id = %s", trial.chance.choice(trial.raw.ids("people")), slot
    )


def rename(trial: Any) -> None:
    trial.commit("UPDATE services SET name = %s WHERE position = 1", f"サービス {trial.number()}")


def stand_in(trial: Any) -> None:
    """Somebody stands in from soon until soon after: their rights begin and end by the clock alone."""
    from domain.db import writing
    from domain.roster import Override

    at = trial.hands()
    begins = at + timedelta(seconds=trial.chance.randint(1, 300))
    with trial.app.app_context(), writing() as session:
        session.add(
            Override(
                kind="take", status="agreed", person_id=trial.chance.choice(trial.raw.ids("people")), recorded_at=at,
                starts_at=begins, ends_at=begins + timedelta(seconds=trial.chance.randint(1, 300)),
                area_id=trial.chance.choice(trial.raw.ids("areas")),
            )
        )  # fmt: skip


def plan_work(trial: Any) -> None:
    """Work that begins and ends soon, by the clock alone."""
    from domain import maintenances
    from domain.catalog import Service
    from domain.db import writing
    from domain.people import Person

    at = trial.hands()
    begins = at + timedelta(seconds=trial.chance.randint(1, 300))
    with trial.app.app_context(), writing() as session:
        maintenances.plan_maintenance(
            key=f"m{trial.number()}", by=session.get(Person, session.scalar(select(func.min(Person.id)))), at=at,
            title="計画作業", began_at=begins, ends_at=begins + timedelta(seconds=trial.chance.randint(60, 600)),
            services={session.scalars(select(Service).limit(1)).one(): "under_maintenance"},
            words={"situation": "作業します。"},
        )  # fmt: skip


def wait(trial: Any) -> None:
    trial.hands.forward(trial.chance.choice((1, 5, 30, 59, 60, 90, 600)))


def wait_until_a_page_ends(trial: Any) -> None:
    """To the very second, one before it, or one after."""
    kept = [page.until for page, _ in tuple(trial.cached.process.cache._pages._kept.values())]
    if kept:
        ahead = min(kept) - trial.hands().timestamp()
        trial.hands.forward(max(1, ahead + trial.chance.choice((-1, 0, 1))))


def _incident(trial: Any) -> int:
    return int(trial.chance.choice(trial.incidents or [1]))


def _bridge(trial: Any) -> Any:
    """An administrator who stands in the bridge's plan, which publishing asks for."""
    browser = trial.admin()
    areas = "SELECT plans.id FROM plans JOIN areas ON areas.id = area_id WHERE areas.kind = 'bridge'"
    slots = trial.raw.ids("plan_slots", f"person_id IS NOT NULL AND plan_id IN ({areas})")
    if slots:
        trial.commit("UPDATE plan_slots SET person_id = %s WHERE id = %s", browser.person, slots[0])
    return browser


CHANGES: list[tuple[str, Change, float]] = [
    (act.__name__, act, weight)
    for act, weight in (
        (report, 3), (voice, 2), (judge, 2), (declare, 1), (publish, 5), (close, 1), (ask, 3), (follow, 2), (speak, 3),
        (sign_out_everywhere, 2), (deactivate, 2), (reactivate, 1), (make_admin, 2), (change_line, 2), (rename, 2),
        (stand_in, 2), (plan_work, 1), (wait, 6), (wait_until_a_page_ends, 6),
    )
]  # fmt: skip
