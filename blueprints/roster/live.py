"""The roster's live topics: `roster` is the whole page, `roster-system` the card of one area."""

from blueprints.roster.views import overview
from blueprints.shared import live
from blueprints.shared.language import now
from blueprints.shared.live import Fragment
from domain import roster, timetable


@live.topic("roster")
def fragment(subject: str) -> Fragment | None:
    """The roster as it stands; it changes by the clock at the next hand-over."""
    if not subject:
        shown = overview()
        return live.put("roster", shown.html), shown.changes_at
    facts = roster.facts(now())
    area = next((one for one in facts.areas if one.key == subject), None)
    card = timetable.card(facts, area) if area else None
    if card is None:
        return None
    html = live.swap(f"area-{subject}", "roster/_card.html", card=card, alone=True)
    return html, facts.changes_at()
