"""The record's mirror in Confluence Cloud (REST v2): a page for each incident, read again where it conflicts."""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from markupsafe import escape

from domain.outbox import DeliveryError
from domain.record import SECTIONS
from domain.record_text import paragraphs
from integrations.base import Sent
from integrations.call_requests import Asking
from integrations.facts import DeliveryFacts
from integrations.http import Answer
from integrations.mirror_facts import MirrorFacts
from integrations.wording import Wording

DEFAULT_TITLE = "{date} {code} {title}"
SETTINGS = "CONFLUENCE_URL, CONFLUENCE_USER, CONFLUENCE_TOKEN, CONFLUENCE_SPACE_ID"
MOST_TITLE = 255
MOST_BODY = 400_000
"""Characters of a page; the rest stands in the portal."""

AGAIN = 3
"""How often a page that somebody else wrote meanwhile is read again."""

OTHERS = 5
"""How many titles are tried where others are taken."""

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""


def title(facts: DeliveryFacts, pattern: str, wording: Wording) -> str:
    """PURE: what the page is called."""
    incident, mirror = facts.incident, facts.mirror
    if incident is None or mirror is None:
        raise ValueError("a record belongs to an incident")
    day = f"{mirror.declared_at.astimezone(wording.zone):%Y-%m-%d}"
    made = pattern.format(date=day, code=incident.code, title=incident.title, severity=incident.severity)
    start = f"{wording.gettext('[DRILL]')} " if incident.drill else ""
    return _clean(f"{start}{made}")[:MOST_TITLE].strip()


def body(facts: DeliveryFacts, base_url: str, wording: Wording) -> str:
    """PURE: the page in storage format, well-formed whatever people typed."""
    pieces: list[str] = []
    size = 0
    for piece in _pieces(facts, base_url, wording):
        size += len(piece)
        if size > MOST_BODY:
            rest = wording.gettext("The rest stands in the portal.")
            pieces.append(f"<p>{_text(rest)}</p>")
            break
        pieces.append(piece)
    return "".join(pieces)


def _pieces(facts: DeliveryFacts, base_url: str, wording: Wording) -> Iterator[str]:
    _ = wording.gettext
    incident, mirror = facts.incident, facts.mirror
    if incident is None or mirror is None:
        raise ValueError("a record belongs to an incident")
    link = f"{base_url.rstrip('/')}/incidents/{incident.code}/record"
    copy = _("A copy of the record in the portal. What is changed here is overwritten.")
    yield f"<p><em>{_text(copy)}</em> "
    yield f'<a href="{_text(link)}">{_text(link)}</a></p>'
    if incident.drill:
        yield f"<p><strong>{_text(_('DRILL. Not real. Do not inform customers.'))}</strong></p>"
    names = section_names(wording)
    yield from _section(names["what"], mirror.texts.get("what", ""), _)
    yield f"<h2>{_text(_('Timeline'))}</h2><ul>"
    for at, words, who in mirror.notes:
        yield f"<li>{_text(wording.moment(at))} {_lines(words)} ({_text(who)})</li>"
    yield f"</ul><h2>{_text(_('Impact by time'))}</h2>{_times(mirror, wording)}"
    for key in SECTIONS[1:]:
        yield from _section(names[key], mirror.texts.get(key, ""), _)
        if key == "facts":
            yield from _hypotheses(mirror, _)


def section_names(wording: Wording) -> Mapping[str, str]:
    """What the sections are called, in the words of the portal's pages."""
    _ = wording.gettext
    return {
        "what": _("What happened"), "guests": _("Impact on guests"), "partners": _("Impact on partners"),
        "facilities": _("Impact on facilities"), "features": _("Impact by feature"), "times": _("Impact by time"),
        "secondary": _("Secondary damage"), "facts": _("Facts of the investigation"), "cause": _("Final cause"),
        "prevention": _("Prevention of recurrence"),
    }  # fmt: skip


def _section(name: str, text: str, _: Any) -> Iterator[str]:
    if not text.strip() and name != _("What happened"):
        return
    yield f"<h2>{_text(name)}</h2>"
    yield from _said(text, _)


def _said(text: str, _: Any) -> Iterator[str]:
    for one in paragraphs(text):
        words = "".join(
            part if isinstance(part, str) else f"[{_('picture %(number)s') % {'number': part}}]" for part in one.parts
        )
        mark = f"<strong>{_text(_('Internal'))}</strong> " if one.internal else ""
        yield f"<p>{mark}{_lines(words)}</p>"


def _times(mirror: MirrorFacts, wording: Wording) -> str:
    _ = wording.gettext
    known = mirror.known
    rows = (
        (_("Began"), known.began), (_("Noticed"), known.noticed), (_("Declared"), known.declared),
        (_("Mitigated"), known.mitigated), (_("Restored"), known.restored),
    )  # fmt: skip
    cells = (
        f"<tr><th>{_text(label)}</th><td>{_text(wording.moment(at) if at else _('not yet'))}</td></tr>"
        for label, at in rows
    )
    return f"<table><tbody>{''.join(cells)}</tbody></table>"


def _hypotheses(mirror: MirrorFacts, _: Any) -> Iterator[str]:
    verdicts = {"open": _("Not tested yet"), "confirmed": _("Confirmed"), "refuted": _("Ruled out")}
    for number, verdict, (said, test, result) in mirror.hypotheses:
        yield f"<h3>{_text(_('Hypothesis %(number)s') % {'number': number})} ({_text(verdicts[verdict])})</h3>"
        yield from _said(said, _)
        for label, text in ((_("How it was tested"), test), (_("What came out"), result)):
            if text.strip():
                yield f"<p><em>{_text(label)}</em></p>"
                yield from _said(text, _)


def _clean(text: str) -> str:
    return " ".join(_UNFIT.sub("", text).split())


def _text(text: str) -> str:
    return str(escape(_UNFIT.sub("", text)))


def _lines(text: str) -> str:
    return _text(text.strip("\n")).replace("\n", "<br/>")


class ConfluenceSender:
    """Writes the page of an incident: made where there is none, brought up to date where there is."""

    service = "confluence"

    def __init__(
        self, url: str, user: str, token: str, space: str, pattern: str = DEFAULT_TITLE, base_url: str = "", *,
        wording: Wording, time_limit: float = 15.0,
    ) -> None:  # fmt: skip
        self._api = f"{url.rstrip('/')}/wiki/api/v2/pages"
        self._site = f"{url.rstrip('/')}/wiki"
        self._headers = {"Authorization": f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"}
        self._space = space
        self._pattern = pattern
        self._wording = wording
        self.base_url = base_url
        self.time_limit = time_limit

    def send(self, facts: DeliveryFacts) -> Sent:
        """Where the page lies; raises DeliveryError."""
        if facts.mirror is None or facts.incident is None:
            raise DeliveryError("no record", permanent=True)
        asking = Asking("Confluence", SETTINGS, facts, self._wording)
        name = title(facts, self._pattern, self._wording)
        said = body(facts, self.base_url, self._wording)
        if facts.mirror.page and (sent := self._update(asking, facts.mirror.page, name, said)):
            return sent
        return self._make(asking, name, said)

    def _update(self, asking: Asking, page: str, name: str, said: str) -> Sent | None:
        """Writes over the page, whoever wrote it meanwhile; None where it is not there any more."""
        for _ in range(AGAIN):
            found = self._ask(asking, "GET", f"{self._api}/{page}")
            if found.status == 404 or _field(found, "status") in ("trashed", "deleted"):
                return None
            version = (asking.good(found).body or {}).get("version") or {}
            written = self._write(asking, page, name, said, int(version.get("number") or 0) + 1)
            if written.status == 400:
                # The headline is another page's title now: ours keeps the one that it has.
                written = self._write(asking, page, _field(found, "title"), said, int(version.get("number") or 0) + 1)
            if written.status == 404:
                return None
            if written.status != 409:
                return self._sent(asking.good(written))
        raise DeliveryError(self._wording.gettext("Somebody else writes the page in Confluence. We keep trying."))

    def _write(self, asking: Asking, page: str, name: str, said: str, number: int) -> Answer:
        asked = {"id": page, "status": "current", "title": name, "body": _storage(said), "version": {"number": number}}
        return self._ask(asking, "PUT", f"{self._api}/{page}", asked)

    def _make(self, asking: Asking, name: str, said: str) -> Sent:
        """A new page; the one of an earlier attempt whose answer was lost is found by its title and our mark in it."""
        for number in range(1, OTHERS + 1):
            wanted = name if number == 1 else f"{name[: MOST_TITLE - 4]} ({number})"
            if (found := self._find(asking, wanted)) is not None:
                page, ours = found
                if ours and (sent := self._update(asking, page, wanted, said)):
                    return sent
                continue
            asked = {"spaceId": self._space, "status": "current", "title": wanted, "body": _storage(said)}
            made = self._ask(asking, "POST", self._api, asked, acting=True)
            if made.status != 400:
                return self._sent(asking.good(made, acting=True))
        raise DeliveryError(
            self._wording.gettext("Confluence has other pages with this title. Rename them, or change the headline."),
            permanent=True,
        )

    def _find(self, asking: Asking, name: str) -> tuple[str, bool] | None:
        """The page of this title in our space, and whether it is ours: it leads to the incident's record."""
        query = urlencode({"title": name, "space-id": self._space, "status": "current", "body-format": "storage"})
        found = asking.good(self._ask(asking, "GET", f"{self._api}?{query}")).body
        results = found.get("results") if isinstance(found, dict) else None
        if not results:
            return None
        value = ((results[0].get("body") or {}).get("storage") or {}).get("value") or ""
        code = asking.facts.incident.code if asking.facts.incident else ""
        return str(results[0].get("id")), f"/incidents/{code}/record" in value

    def _ask(self, asking: Asking, method: str, url: str, asked: Any = None, *, acting: bool = False) -> Answer:
        return asking.send(method, url, acting=acting, json_body=asked, headers=self._headers)

    def _sent(self, answer: Answer) -> Sent:
        found = answer.body if isinstance(answer.body, dict) else {}
        links = found.get("_links") or {}
        way = str(links.get("webui") or "")
        return Sent(str(found.get("id") or ""), url=f"{links.get('base') or self._site}{way}" if way else None)


def _storage(said: str) -> dict[str, str]:
    return {"representation": "storage", "value": said}


def _field(answer: Answer, name: str) -> str:
    return str(answer.body.get(name) or "") if isinstance(answer.body, dict) else ""
