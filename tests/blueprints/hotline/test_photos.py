"""Photos: encoded anew, bounded, shown to signed-in people only; what is no photo comes back in words."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from blueprints.hotline import photos
from domain.db import db
from domain.hotline import Report


@pytest.fixture
def add(sign_in, cast, report):
    """`add(data, name)` sends a photo as the reporter."""

    def post(data: BytesIO, name: str = "photo.png", **fields: str):
        return sign_in(cast.reader).post(
            f"/reports/{report.id}/details",
            data={"photo": (data, name), **fields},
            content_type="multipart/form-data",
            headers={"Accept-Language": "en"},
        )

    return post


def kept(report):
    db.session.expire_all()
    return db.session.get(Report, report.id).photos


def bomb(width: int, height: int) -> BytesIO:
    """A small PNG that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return BytesIO(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("GIF", "RGB", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("WEBP", "RGBA", "image/jpeg"),
    ],
)
def test_pictures_of_every_kind_are_encoded_anew(add, report, picture, kind, mode, media_type):
    data = BytesIO()
    Image.new(mode, (20, 10)).save(data, kind)
    data.seek(0)
    assert add(data).status_code == 303
    [photo] = kept(report)
    assert (photo.media_type, photo.width, photo.height) == (media_type, 20, 10)
    Image.open(BytesIO(photo.data)).load()


def test_what_was_hidden_in_it_is_gone_and_it_stands_upright(add, report):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret place"
    data = BytesIO()
    Image.new("RGB", (30, 10), "red").save(data, "JPEG", exif=exif, comment=b"secret words")
    data.seek(0)
    add(data)
    [photo] = kept(report)
    assert (photo.width, photo.height) == (10, 30)
    assert b"secret" not in photo.data
    assert not Image.open(BytesIO(photo.data)).getexif()


def test_text_in_a_png_is_gone(add, report, picture):
    from PIL.PngImagePlugin import PngInfo

    hidden = PngInfo()
    hidden.add_text("Comment", "secret words")
    add(picture("PNG", pnginfo=hidden))
    assert b"secret" not in kept(report)[0].data


def test_a_large_photo_becomes_two_thousand_pixels(add, report, picture):
    add(picture("JPEG", (4000, 3000)))
    [photo] = kept(report)
    assert (photo.width, photo.height) == (2000, 1500)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a picture"),
        (b"%PDF-1.7 nothing", "not a picture"),
        (b"", "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "not a picture"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 40, "not a picture"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "HEIC"),
        (bomb(20_000, 20_000).getvalue(), "50 million pixels"),
        (bomb(60_000, 60_000).getvalue(), "50 million pixels"),
        (bomb(8_000, 7_000).getvalue(), "50 million pixels"),
        (bomb(100, 100).getvalue()[:-30], "not a picture"),
    ],
)
def test_what_is_no_photo_is_refused_and_the_words_are_kept(add, report, data, sentence):
    answer = add(BytesIO(data), body="3番窓口です")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "3番窓口です" in answer.text
    assert 'href="#details-photo"' in answer.text
    assert kept(report) == []


def test_a_good_photo_beside_a_mistake_must_be_chosen_again(add, report, picture):
    answer = add(picture(), customers="many")
    assert answer.status_code == 422
    assert "choose the photo again" in answer.text


def test_a_cut_picture_is_no_picture(add, report, picture):
    data = picture("JPEG", (800, 800)).getvalue()
    assert add(BytesIO(data[: len(data) // 2])).status_code == 422


def test_a_photo_can_come_with_the_report(sign_in, cast, picture):
    answer = sign_in(cast.reader).post(
        "/reports",
        data={"key": "k", "body": "赤い画面", "photo": (picture(), "a.png")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303
    assert len(db.session.get(Report, int(answer.location.split("/")[2].split("?")[0])).photos) == 1


def test_the_report_form_comes_back_when_its_photo_is_none(sign_in, cast):
    answer = sign_in(cast.reader).post(
        "/reports",
        data={"key": "k", "body": "赤い画面", "photo": (BytesIO(b"x"), "a.png")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 422
    assert "赤い画面" in answer.text
    assert 'type="file"' in answer.text


def test_the_photo_is_shown_to_signed_in_people_as_what_it_is(add, report, picture, sign_in, cast, client):
    add(picture())
    address = f"/reports/{report.id}/photos/{kept(report)[0].id}"
    assert address in sign_in(cast.admin).get(f"/reports/{report.id}").text
    answer = sign_in(cast.admin).get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Cache-Control"].startswith("private")
    assert client.get(address).status_code == 303


def test_a_photo_belongs_to_its_report(add, report, picture, sign_in, cast):
    add(picture())
    number = kept(report)[0].id
    for address in (f"/reports/{report.id + 1}/photos/{number}", f"/reports/{report.id}/photos/{'9' * 30}"):
        assert sign_in(cast.admin).get(address).status_code == 404


def test_no_photo_chosen_is_none():
    assert photos.read_photo(None) is None
