"""Looking for somebody: by name, reading, area or department, with what they are on duty for now."""

from flask import request

from blueprints.roster import bp
from blueprints.shared.language import now
from blueprints.shared.pages import render
from blueprints.shared.who import signed_in
from domain import roster, timetable
from domain.text import one_line


@bp.get("/roster/search")
@signed_in
def search() -> str:
    """Whoever is meant, in the order of their readings; without words everybody who stands in a line now."""
    words = one_line(request.args.get("q"))[:100]
    facts = roster.facts(now())
    areas, found, more = timetable.find(words, facts)
    return render(
        "roster/search.html",
        "roster/_found.html",
        q=words,
        areas=areas,
        found=found,
        more=more,
        places=timetable.places(facts),
    )
