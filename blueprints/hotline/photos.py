"""The photo of a report as a form brings it."""

from werkzeug.datastructures import FileStorage

from domain.encoding import Picture, encode


def read_photo(upload: FileStorage | None) -> Picture | None:
    """The picture that was sent, or None where none was. Slow: never inside `writing()`.

    Raises:
        Refused: (`photo`) no picture, or too large a one.
    """
    return encode(upload.stream) if upload is not None and upload.filename else None
