"""A local Confluence Cloud, as far as a record's mirror needs it: a space's pages, versions, unique titles."""

import base64
from typing import Any
from xml.etree import ElementTree

from local_services.faulty import Ask, FaultyServer, Reply

API = "/wiki/api/v2/pages"


class LocalConfluence(FaultyServer):
    """Answers `/wiki/api/v2/pages`. `pages` holds what was written, by id."""

    def __init__(self, user: str = "bot@example.jp", token: str = "token", space: str = "98765") -> None:
        super().__init__()
        self.user, self.token, self.space = user, token, space
        self.pages: dict[str, dict[str, Any]] = {}
        self.may_write = True
        """Whether the user may write into the space."""

    def edit(self, page: str, value: str) -> None:
        """Somebody else writes the page."""
        with self.lock:
            self.pages[page]["version"]["number"] += 1
            self.pages[page]["body"]["storage"]["value"] = value

    def answer(self, ask: Ask) -> Reply:
        basic = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        if ask.headers.get("authorization") != f"Basic {basic}":
            return Reply(401, {"message": "Unauthorized"})
        if ask.path == API:
            return self._make(ask) if ask.method == "POST" else self._list(ask)
        page = self.pages.get(ask.path.removeprefix(f"{API}/"))
        if page is None or page["status"] != "current":
            return Reply(404, {"message": "not found"})
        return self._update(ask, page) if ask.method == "PUT" else Reply(200, _shown(page))

    def _make(self, ask: Ask) -> Reply:
        asked = ask.body
        if wrong := self._wrong(asked, None):
            return wrong
        if asked.get("spaceId") != self.space:
            return Reply(404, {"message": "no such space"})
        number = str(1000 + len(self.pages))
        self.pages[number] = {
            "id": number, "status": "current", "title": asked["title"], "spaceId": self.space,
            "version": {"number": 1}, "body": {"storage": dict(asked["body"])},
            "_links": {"webui": f"/spaces/OPS/pages/{number}", "base": f"{self.url}wiki"},
        }  # fmt: skip
        return Reply(200, _shown(self.pages[number]))

    def _update(self, ask: Ask, page: dict[str, Any]) -> Reply:
        asked = ask.body
        if wrong := self._wrong(asked, page):
            return wrong
        if asked.get("id") != page["id"]:
            return Reply(400, {"message": "id does not match"})
        if (asked.get("version") or {}).get("number") != page["version"]["number"] + 1:
            return Reply(409, {"message": "Version must be incremented when updating a page."})
        page.update(title=asked["title"], body={"storage": dict(asked["body"])})
        page["version"]["number"] += 1
        return Reply(200, _shown(page))

    def _wrong(self, asked: Any, page: dict[str, Any] | None) -> Reply | None:
        if not isinstance(asked, dict) or asked.get("status") != "current":
            return Reply(400, {"message": "'status' is missing"})
        if not self.may_write:
            return Reply(403, {"message": "no permission"})
        body = asked.get("body") or {}
        name = asked.get("title")
        if body.get("representation") != "storage" or not isinstance(name, str) or not 0 < len(name) <= 255:
            return Reply(400, {"message": "title or body is wrong"})
        try:
            ElementTree.fromstring(f"<page>{body.get('value')}</page>")
        except ElementTree.ParseError as error:
            return Reply(400, {"message": f"Error parsing xhtml: {error}"})
        if any(one["title"] == name and one is not page and one["status"] == "current" for one in self.pages.values()):
            return Reply(400, {"message": "A page with this title already exists in this space."})
        return None

    def _list(self, ask: Ask) -> Reply:
        found = [
            page
            for page in self.pages.values()
            if page["title"] == ask.query.get("title") and page["status"] == ask.query.get("status", "current")
        ]
        if ask.query.get("space-id") != self.space:
            found = []
        return Reply(200, {"results": [_shown(page) for page in found]})


def _shown(page: dict[str, Any]) -> dict[str, Any]:
    return {**page, "version": dict(page["version"])}
