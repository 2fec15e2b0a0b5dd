"""The board, the history, the facility's answer, and what a browser needs to keep them on a phone."""

from functools import lru_cache
from typing import Any

from flask import Response, abort, current_app, g, jsonify, render_template, request, url_for
from flask_babel import get_locale, gettext

from blueprints.shared.keeping import kept
from blueprints.shared.language import now
from blueprints.shared.pages import asset, render, scripts, wants_partial
from blueprints.shared.who import signed_in
from blueprints.status import bp
from blueprints.status.answer import answer_of
from blueprints.status.parts import parts
from domain import board, catalog, incidents
from domain.text import one_line
from settings import LANGUAGES


@bp.get("/", endpoint="board")
@signed_in
@kept
def board_page() -> str:
    """The board: the answer first."""
    query = one_line(request.args.get("facility"))[:100]
    shown = parts()
    return render_template(
        "status/board.html",
        answer=shown.answer,
        answer_html=shown.answer_html,
        board_html=shown.board_html,
        facility=query,
        **(_looked_up(query) if query else {"found": None}),
    )


def _looked_up(query: str) -> dict[str, Any]:
    loaded = board.load(now())
    return {"found": _facility_answers(query, loaded), "board": loaded}


@bp.get("/facilities")
@signed_in
def facilities() -> str:
    """Affected or not, and what to tell them now: the answer to a facility that was typed."""
    query = one_line(request.args.get("facility"))[:100]
    loaded = board.load(now())
    g.overall = answer_of(loaded.overall)
    return render(
        "status/facilities.html",
        "status/_facilities.html",
        facility=query,
        found=_facility_answers(query, loaded) if query else None,
        board=loaded,
    )


def _facility_answers(query: str, loaded: board.Board) -> list[tuple[catalog.Facility, list[board.Shown]]]:
    shown = loaded.incidents + loaded.restored
    return [
        (facility, [incident for incident in shown if board.touches(incident, facility)])
        for facility in catalog.find_facilities(query)
    ]


@bp.get("/history")
@signed_in
@kept
def history() -> str:
    """Past incidents by month of the organisation's zone, searchable."""
    query = one_line(request.args.get("q"))[:100]
    month = request.args.get("month", "")
    number = request.args.get("page", 1, type=int)
    if month and not incidents.is_month(month):
        abort(404)
    zone = current_app.config["ZONE"]
    found = incidents.history(month=month, query=query, page=max(number, 1), zone=zone, at=now())
    months = [] if wants_partial() else incidents.months(zone, now())
    return render("status/history.html", "status/_history.html", found=found, q=query, month_shown=month, months=months)


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone needs to keep the portal on its home screen."""
    answer = jsonify(
        name=gettext("Noroshi"),
        short_name=gettext("Noroshi"),
        start_url=url_for("status.board"),
        display="minimal-ui",
        background_color="#f3f5f7",
        theme_color="#13202c",
        icons=[{"src": asset("icons/calm.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        shortcuts=[
            {"name": gettext("Report"), "url": url_for("hotline.new")},
            {"name": gettext("On duty"), "url": url_for("roster.index")},
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@bp.get("/sw.js")
def service_worker() -> Response:
    """The service worker, at the root so that it may serve the board. Its body names the assets it keeps."""
    styles = ("noroshi.css", "more.css", "roster.css")
    kept = [*(asset(name) for name in (*styles, "roster.js", "keep.js", "icons/calm.svg")), *scripts(htmx=True)]
    script = render_template("status/sw.js", kept=kept)
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@bp.app_context_processor
def _words_for_scripts() -> dict[str, Any]:
    return {"client_words": lambda: client_words(get_locale().language)}


@lru_cache(maxsize=len(LANGUAGES))
def client_words(_language: str) -> str:
    """The sentences that the script says, in the page's language, one a line. `%s` is filled by the script."""
    said = {
        "copied": gettext("Copied"),
        "copy_failed": gettext("Could not copy. Please select the text and copy it by hand."),
        "stale": gettext("The connection is lost. What you see is as of %s; it may have changed."),
        "back": gettext("Connected again. This page is up to date."),
        "offline": gettext("Offline: as of %s. The person in charge may have changed. Calls work."),
        "replaced": gettext("These words were replaced at %s"),
        "show_new": gettext("Show the new words"),
        "error": gettext("That did not work. Nothing was changed; please try again."),
        "too_many": gettext("Too many tries. Please wait a minute."),
        "refused": gettext("You cannot do this here."),
        "draft": gettext("What you typed before is here again."),
        "just_now": gettext("just now"),
        "minutes": gettext("%s min ago"),
        "hours": gettext("%s h ago"),
        "days": gettext("%s days ago"),
        "in_minutes": gettext("in %s min"),
        "late_by": gettext("%s min late"),
    }
    # The script knows the keys, in this order: in every page they would weigh as much as a sentence or two.
    return "\n".join(said.values())
