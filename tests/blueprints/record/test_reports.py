"""The report: page, Markdown and PDF say the same; partners get nothing that is marked internal."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from blueprints.record import reports
from domain import incidents, record, timeline
from domain.db import db, writing
from domain.people import Person

MARKUP = "<script>alert(1)</script> *b* [x](javascript:1) # `h` | --"


@pytest.fixture
def written(incident, write, cast, now):
    """A record with words that everybody may have, and words that stay inside in each way that there is."""
    write("what", "改札でQRコードを読めない髙橋﨑🙂\n\n【社内】担当者のメモ\n\n公開できる続き[[内緒の一文]]です")
    write("cause", "証明書の期限切れ。" * 30)
    write("facts", "ログの断片 ERROR gate-07")
    with writing():
        found = incidents.by_code(incident.code)
        for text, internal in (("再起動した", False), ("社外秘の対応", True), ("取り消した記録", False)):
            entry = timeline.add(found, text, by=db.session.get(Person, 2), at=now, internal=internal)
        entry.strike(by=db.session.get(Person, 2), at=now)
        record.suppose(found, key="k", by=db.session.get(Person, 2), at=now, text="仮説の文")
    return f"/incidents/{incident.code}/report"


SECRET = ("担当者のメモ", "内緒の一文", "ERROR gate-07", "社外秘の対応", "仮説の文", "岡本")


def text_of(answer):
    return "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages).replace("\n", "")


def test_everybody_who_is_signed_in_gets_the_report(sign_in, cast, written, client):
    for ending in ("", ".md", ".pdf"):
        assert sign_in(cast.reader).get(written + ending).status_code == 200
        assert client.get(written + ending).status_code in (302, 303, 401)


def test_the_page_says_everything_inside(sign_in, cast, written):
    page = sign_in(cast.reader).get(written).text
    for words in ("改札でQRコードを読めない", *SECRET[:5], "再起動した"):
        assert words in page
    assert "取り消した記録" not in page


def test_partners_get_nothing_that_is_internal(sign_in, cast, written):
    client = sign_in(cast.reader)
    page, plain = (client.get(f"{written}{ending}?for=partners").text for ending in ("", ".md"))
    article = page[page.index("<article") : page.index("</article>")]
    for said in (article, plain, text_of(client.get(f"{written}.pdf?for=partners"))):
        for secret in (*SECRET, "取り消した記録"):
            assert secret not in said
        for words in ("改札でQRコードを読めない", "公開できる続きです", "再起動した"):
            assert words in said


def test_a_section_that_is_kept_internal_is_left_out(sign_in, cast, incident, written):
    sign_in(cast.responder).post(f"{incident.url}/what/audience", data={"internal": "1"})
    assert "改札" not in sign_in(cast.reader).get(f"{written}.md?for=partners").text


def test_nothing_of_the_portals_inner_life_goes_to_partners(sign_in, cast, written):
    """Channels, pages, calls and deliveries are nobody's business outside."""
    said = sign_in(cast.reader).get(f"{written}.md?for=partners").text
    for word in ("Slack", "PagerDuty", "コール", "呼び出し", "規模"):
        assert word not in said


def test_the_pdf_read_back_shows_the_japanese(sign_in, cast, written, incident):
    answer = sign_in(cast.reader).get(f"{written}.pdf")
    assert answer.content_type == "application/pdf"
    assert f'filename="{incident.code}-report.pdf"' in answer.headers["Content-Disposition"]
    said = text_of(answer)
    for words in ("障害報告書", "改札でQRコードを読めない髙橋﨑", "証明書の期限切れ。", "再起動した", "1 / "):
        assert words in said


def test_the_fonts_are_in_the_pdf(sign_in, cast, written):
    page = PdfReader(BytesIO(sign_in(cast.reader).get(f"{written}.pdf").data)).pages[0]
    for font in page["/Resources"]["/Font"].values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in descriptor
    assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]


def test_a_line_never_begins_with_a_full_stop(sign_in, cast, incident, write, written):
    write("cause", "あ" * 46 + "。" + "い" * 100)
    lines = "\n".join(
        page.extract_text() for page in PdfReader(BytesIO(sign_in(cast.reader).get(f"{written}.pdf").data)).pages
    ).split("\n")
    assert not [line for line in lines if line.strip()[:1] in ("。", "、")]


def test_without_the_fonts_it_says_what_to_do(sign_in, cast, written, monkeypatch, tmp_path):
    monkeypatch.setattr(reports, "fonts", lambda: tmp_path)
    answer = sign_in(cast.reader).get(f"{written}.pdf")
    assert answer.status_code == 503


def test_markup_is_harmless_in_every_form(sign_in, cast, incident, write):
    for key in record.SECTIONS:
        write(key, f"{key} {MARKUP}")
    client = sign_in(cast.reader)
    at = f"/incidents/{incident.code}/report"
    assert "<script>alert" not in client.get(at).text
    plain = client.get(f"{at}.md").text
    for key in record.SECTIONS:
        assert rf"{key} \<script\>alert(1)\</script\> \*b\* \[x\](javascript:1) \# \`h\` \| --" in plain
    assert client.get(f"{at}.pdf").status_code == 200


def test_a_record_of_two_hundred_kilobytes_is_a_pdf(sign_in, cast, incident, write):
    write("facts", "2026-08-11T01:42:00Z ERROR gate-07 certificate verify failed 証明書\n" * 2500)
    answer = sign_in(cast.reader).get(f"/incidents/{incident.code}/report.pdf")
    assert len(PdfReader(BytesIO(answer.data)).pages) > 50
