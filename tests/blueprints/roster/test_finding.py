"""Looking for somebody: by name, reading, area or department, with what they are on duty for now."""

import pytest

from domain.db import writing
from domain.people import Person

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def reader(sign_in, cast):
    return sign_in(cast.reader)


def found(client, q, language="en", **headers):
    answer = client.get(
        "/roster/search", query_string={"q": q}, headers={"Accept-Language": language, **PARTIAL, **headers}
    )
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("words", ["岡本", "おかもと", "オカモト", "さおり 岡"])
def test_a_name_is_found_by_what_it_is_called(reader, words):
    text = found(reader, words)
    assert "岡本" in text
    assert "伊藤" not in text


def test_an_area_gives_its_line_and_its_page(reader):
    text = found(reader, "bridge")
    assert 'href="/roster/bridge"' in text
    assert "高橋" in text
    assert "伊藤" in text
    assert "岡本" not in text


def test_a_department_gives_its_people(reader, cast):
    with writing():
        cast.reader.department = "パートナー営業"
        cast.reader.describe()
    assert "佐藤" in found(reader, "営業")


def test_what_somebody_is_on_duty_for_stands_beside_the_name(reader):
    text = found(reader, "いとう")
    assert "Customers: guests: <b>in charge now</b>" in text
    assert "System: deputy 1" in text
    assert "tel:+819000000121" in text


def test_readers_see_no_number_of_who_stands_in_no_line(sign_in, cast):
    assert "tel:+819000000101" not in found(sign_in(cast.reader), "おおつか")
    assert "Not in the roster right now" in found(sign_in(cast.reader), "おおつか")
    assert "tel:+819000000101" in found(sign_in(cast.responder), "おおつか")


def test_who_left_is_not_found(reader):
    assert "辞めた" not in found(reader, "やめた")


def test_the_order_is_that_of_the_readings_in_either_kana(reader, now):
    with writing() as session:
        for number, (name, reading) in enumerate([("亜門", "アモン"), ("和田", "わだ"), ("飯田", "イイダ")]):
            person = Person(email=f"x{number}@example.jp", name=f"{name} 調", reading=reading, created_at=now)
            person.describe()
            session.add(person)
    text = found(reader, "調")
    assert text.index("亜門") < text.index("飯田") < text.index("和田")


def test_without_words_everybody_in_a_line_stands_there(reader):
    text = found(reader, "")
    assert "Everybody who stands in a line now" in text
    assert text.index("伊藤") < text.index("岡本") < text.index("高橋")
    assert "佐藤" not in text


def test_nobody_found_says_what_to_try(reader):
    assert "Nobody was found" in found(reader, "zzz")


def test_it_is_a_page_of_its_own_without_a_script(reader):
    text = reader.get("/roster/search?q=岡本", headers={"Accept-Language": "en"}).text
    assert "<html" in text
    assert 'value="岡本"' in text


def test_words_are_never_markup(reader):
    assert "<b>x" not in found(reader, "<b>x")
