"""The incident report: a page to print, Markdown, PDF; for inside, or a draft for partners. A person sends it."""

from pathlib import Path

from flask import Response, current_app, render_template, request, url_for
from flask_babel import gettext

from blueprints.incidents.views import found
from blueprints.record import bp
from blueprints.record.markdown import markdown
from blueprints.record.pdf import NoFonts, pdf
from blueprints.record.report import Document, document, file_name
from blueprints.shared.errors import show as say
from blueprints.shared.language import spoken
from blueprints.shared.who import signed_in
from domain import pictures
from domain.incidents import Incident


def _document(incident: Incident) -> Document:
    return document(incident, for_partners=request.args.get("for") == "partners")


def fonts() -> Path:
    """Where the fonts lie."""
    return Path(current_app.root_path) / "fonts"


@bp.get("/incidents/<code>/report")
@signed_in
def report(code: str) -> str:
    """The report as a page that prints on A4."""
    incident = found(code)
    made = _document(incident)
    return render_template("record/report.html", incident=incident, made=made, pictures=pictures.of(incident))


@bp.get("/incidents/<code>/report.md")
@signed_in
def report_markdown(code: str) -> Response:
    """The report as Markdown."""
    incident = found(code)
    made = _document(incident)
    return _file(markdown(made, _picture_url(incident)).encode(), "text/markdown; charset=utf-8", file_name(made, "md"))


@bp.get("/incidents/<code>/report.pdf")
@signed_in
def report_pdf(code: str) -> Response:
    """The report as PDF, with the fonts in it."""
    incident = found(code)
    made = _document(incident)
    locale = spoken()
    try:
        data = pdf(made, fonts(), locale.language if locale else "ja", lambda number: _bytes(incident, number))
    except NoFonts:
        return say(503, gettext("The fonts are not installed here: please print the page, or ask an administrator."))
    return _file(data, "application/pdf", file_name(made, "pdf"))


def _bytes(incident: Incident, number: int) -> bytes | None:
    picture = pictures.found(incident, number)
    return picture.data if picture else None


def _file(data: bytes, kind: str, name: str) -> Response:
    answer = Response(data, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _picture_url(incident: Incident) -> str:
    return url_for("record.show", code=incident.code, _external=True) + "/pictures/{number}"
