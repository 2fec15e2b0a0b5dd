"""Pictures: what came in is decoded within bounds and encoded anew; no EXIF, no place, never the bytes that came in."""

import threading
from dataclasses import dataclass
from io import BytesIO
from typing import IO, TYPE_CHECKING

from domain.errors import Refused

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 50_000_000
"""A phone's largest picture fits; decoded it takes 200 MB for a moment."""
EDGE = 2000
"""Pixels of the longer side of what is kept."""
PNG_MOST = 1_000_000
"""Bytes up to which a screenshot stays a PNG, sharp; above it becomes a JPEG."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
SHARP = ("PNG", "GIF")

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept; the arguments of `Report.add_photo`."""

    data: bytes
    media_type: str
    width: int
    height: int


def encode(stream: IO[bytes]) -> Picture:
    """The picture in a stream, encoded by us. Slow: never inside `writing()`.

    Raises:
        Refused: (`photo`) no picture, or more than MOST_PIXELS.
    """
    # With the first picture: a fortieth of the start.
    from PIL.Image import DecompressionBombError, DecompressionBombWarning

    head = stream.read(12)
    stream.seek(0)
    if not head:
        raise Refused("photo", "photo_unreadable")
    with _one_at_a_time:
        try:
            return _encoded(stream)
        except (DecompressionBombError, DecompressionBombWarning):
            raise Refused("photo", "photo_large") from None
        except Refused:
            raise
        except Exception:  # decoders fail in every way there is, on bytes made to make them fail
            heic = head[4:8] == b"ftyp" and head[8:11] in (b"hei", b"hev", b"mif", b"msf")
            raise Refused("photo", "photo_heic" if heic else "photo_unreadable") from None


def _encoded(stream: IO[bytes]) -> Picture:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(stream, formats=FORMATS) as sent:
        if sent.width * sent.height > MOST_PIXELS:
            raise Refused("photo", "photo_large")
        # A JPEG is decoded at a half, a quarter or an eighth right away where that is enough.
        sent.draft("RGB", (EDGE, EDGE))
        picture = ImageOps.exif_transpose(sent)
        picture.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        if sent.format in SHARP:
            data = _saved(picture, "PNG")
            if len(data) <= PNG_MOST:
                return Picture(data, "image/png", *picture.size)
    return Picture(_saved(_on_white(picture), "JPEG"), "image/jpeg", *picture.size)


def _on_white(picture: "Image") -> "Image":
    from PIL import Image

    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _saved(picture: "Image", kind: str) -> bytes:
    """The pixels alone: what else came with the picture (EXIF, comments, profiles) stays behind."""
    picture.info = {}
    data = BytesIO()
    picture.save(data, kind, quality=85, optimize=True)
    return data.getvalue()
