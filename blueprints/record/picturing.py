"""Pictures in a record: taken in, encoded anew, handed out as what they are."""

from typing import Any

from flask import Response, abort, flash, jsonify, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from blueprints.hotline.photos import read_photo
from blueprints.incidents.views import found
from blueprints.record import bp
from blueprints.record.views import section_of
from blueprints.shared import words
from blueprints.shared.errors import show as say
from blueprints.shared.language import now
from blueprints.shared.typed import good_key
from blueprints.shared.who import myself, responders, signed_in
from domain import pictures, record
from domain.db import writing
from domain.errors import Refused

words.say({"record_many_pictures": _l("A record takes at most %(most)d pictures.")})


@bp.post("/incidents/<code>/record/<section>/pictures")
@responders
def add_picture(code: str, section: str) -> Any:
    """Keeps a picture. A form gets its mark at the end of the section; an editor puts it where the caret is."""
    incident = found(code)
    key = section_of(incident, section)
    upload = request.files.get("photo")
    try:
        picture = read_photo(upload)
        if picture is None or upload is None:
            raise Refused("photo", "photo_unreadable")
        with writing():
            number = pictures.add(
                incident, data=picture.data, media_type=picture.media_type, width=picture.width, height=picture.height,
                name=upload.filename or "", key=good_key(request.form.get("key")), by=myself(), at=now(),
            )  # fmt: skip
            mark = gettext("[picture %(number)s]", number=number)
            if "place" not in request.form:
                record.append(incident, key, mark, by=myself(), at=now())
    except Refused as refused:
        return say(422, words.sentence(refused))
    if request.accept_mimetypes.best == "application/json":
        return jsonify(number=number, mark=mark)
    flash(gettext("The picture stands at the end: %(mark)s", mark=mark))
    return redirect(url_for("record.edit", code=incident.code, _anchor=f"e-{key}"), 303)


@bp.get("/incidents/<code>/record/pictures/<int:number>")
@signed_in
def picture(code: str, number: int) -> Response:
    """One picture. It never changes."""
    kept = pictures.found(found(code), number)
    if kept is None:
        abort(404)
    answer = Response(kept.data, content_type=kept.media_type)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    answer.headers["Content-Disposition"] = "inline"
    return answer
