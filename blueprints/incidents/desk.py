"""The bridge's desk: one page for the person who sits in both calls."""

from blueprints.incidents import bp
from blueprints.incidents.bridge import composing, publishes
from blueprints.incidents.views import found
from blueprints.shared.who import my_rights, signed_in
from domain import rights


@bp.get("/incidents/<code>/desk")
@signed_in
def desk(code: str) -> tuple[str, int]:
    """The desk: for responders, and for whoever publishes on this incident. The form is that of an update."""
    incident = found(code)
    rights.require(my_rights().responder or publishes(incident) is not None, "responders_only")
    return composing(incident, desk=True)
