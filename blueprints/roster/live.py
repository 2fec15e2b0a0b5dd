"""The roster's live topics: `roster` is the whole page, `roster-system` the card of one area."""

from blueprints.roster.views import overview
from blueprints.shared import live
from blueprints.shared.language import now
from blueprints.shared.live import Fragment
from domain import roster


@live.topic("roster")
def fragment(subject: str) -> Fragment | None:
    """The roster as it stands; it changes by the clock at the next hand-over."""
    if not subject:
        context = overview()
        return live.swap("roster", "roster/_index.html", **context), context["changes_at"]
    facts = roster.facts(now())
    duty = next((one for one in facts.duties() if one.area.key == subject), None)
    if duty is None:
        return None
    html = live.swap(f"area-{subject}", "roster/_card.html", duty=duty, alone=True)
    return html, facts.changes_at()
