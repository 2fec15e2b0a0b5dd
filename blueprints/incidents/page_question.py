"""The question of the declare form: is help needed from many sides? What is proposed, why, and what was answered."""

from typing import Any

from flask_babel import gettext

from blueprints.incidents.forms import DeclareForm
from blueprints.incidents.mobilised import reason
from blueprints.shared.language import now
from domain import paging
from domain.errors import Refused
from domain.text import one_line


def paging_question(form: DeclareForm) -> dict[str, Any]:
    """What the question shows: the proposal, why, and what is chosen: by the person, else as proposed.

    Without a scale outside business hours nothing is chosen yet: the proposal depends on it.
    """
    severity = one_line(form.severity.data)
    proposal = paging.proposal(severity if severity in paging.SCALES else "", now())
    typed, before = form.pages(), form.sent.get("page_proposed") or ""
    chosen = typed if typed is not None and before != ("yes" if typed else "no") else None
    if chosen is None:
        chosen = proposal.page if proposal.severity or not proposal.outside else None
    if form.errors_of and typed is not None:
        chosen = typed
    shown = "" if chosen is None else "yes" if proposal.page else "no"
    return {"proposal": proposal, "why": reason(proposal.plain()), "page": chosen, "page_proposed": shown}


def page_asked(typed: str) -> tuple[str, str]:
    """What a form that does not know the scale yet has chosen (yes, no, or empty), and what is proposed and why."""
    proposal = paging.proposal("", now())
    if not proposal.outside:
        nobody = gettext("Proposed: page nobody")
        return typed or "no", f"{nobody} ({reason(proposal.plain())})"
    proposed = gettext("Proposed outside business hours, for a large scale: page everybody.")
    return typed, f"{proposed} ({reason(proposal.plain())})"


def decided(form: DeclareForm) -> None:
    """Whoever declares is asked; where paging is proposed, saying nothing is no answer."""
    if form.pages() is not None or not form.sent.get("page_asked"):
        return
    if paging.proposal(one_line(form.severity.data), now()).page:
        form.refuse(Refused("page", "page_undecided"))
