"""PagerDuty's Events API v2: one alert per area, known by a key of our own, so that no repetition makes a second."""

from typing import Any

from domain import report_paging
from domain.outbox import DeliveryError
from domain.text import cut, one_line
from integrations.base import Sent, seconds_left
from integrations.facts import DeliveryFacts
from integrations.http import Unanswered, Unreachable, request
from integrations.mobilising_facts import MobilisingFacts
from integrations.wording import Wording

ACTIONS = {
    "page.trigger": "trigger",
    "page.acknowledge": "acknowledge",
    "page.resolve": "resolve",
    report_paging.TRIGGER: "trigger",
    report_paging.RESOLVE: "resolve",
}
SEVERITY = {"minor": "warning", "major": "error", "critical": "critical"}
SUMMARY = 1024
SEEN = 200
"""Characters of what somebody reported that are read aloud."""

REFUSED = range(400, 500)
WAIT_UNTOLD = 30.0
"""Seconds to wait after a 429 that does not say how long."""


def payload(facts: DeliveryFacts, routing_key: str, wording: Wording, base_url: str = "") -> dict[str, Any]:
    """PURE: the event of a delivery."""
    if facts.report is not None:
        return report_payload(facts, routing_key, wording, base_url)
    incident, outside = facts.incident, facts.mobilising
    if incident is None or outside is None:
        raise ValueError("an alert belongs to an incident")
    event = _event(facts, routing_key)
    if facts.kind != "page.trigger":
        return event
    severity = "info" if incident.drill else SEVERITY.get(incident.severity, "error")
    links = [{"href": url, "text": _call(name, wording)} for name, url in outside.calls.items()]
    event["client"] = "Noroshi"
    event["payload"] = {
        "summary": _summary(facts, outside, wording)[:SUMMARY],
        "source": _source(base_url),
        "severity": severity,
        "class": "drill" if incident.drill else "incident",
        "component": ", ".join(one.called(wording.locale) for one in incident.services[:20]),
        "group": outside.area.called(wording.locale) if outside.area else "",
    }
    if base_url:
        page = f"{base_url.rstrip('/')}/incidents/{incident.code}"
        event["client_url"] = page
        links.insert(0, {"href": page, "text": incident.code})
    if links:
        event["links"] = links
    return event


def report_payload(facts: DeliveryFacts, routing_key: str, wording: Wording, base_url: str = "") -> dict[str, Any]:
    """PURE: the event for a report that nobody has taken."""
    report, outside = facts.report, facts.mobilising
    if report is None or outside is None:
        raise ValueError("an alert belongs to a report")
    event = _event(facts, routing_key)
    if facts.kind != report_paging.TRIGGER:
        return event
    _ = wording.gettext
    seen = report.symptom.called(wording.locale) if report.symptom else ""
    what = " ".join(part for part in (seen, cut(one_line(report.body), SEEN), report.facility) if part)
    summary = _("Nobody has taken the report %(code)s: %(what)s") % {"code": report.code, "what": what}
    event["client"] = "Noroshi"
    event["payload"] = {
        "summary": summary[:SUMMARY],
        "source": _source(base_url),
        "severity": "error",
        "class": "report",
        "group": outside.area.called(wording.locale) if outside.area else "",
    }
    if base_url:
        page = f"{base_url.rstrip('/')}/reports/{report.id}"
        event |= {"client_url": page, "links": [{"href": page, "text": report.code}]}
    return event


def _event(facts: DeliveryFacts, routing_key: str) -> dict[str, Any]:
    return {
        "routing_key": routing_key,
        "event_action": ACTIONS[facts.kind],
        "dedup_key": str(facts.details["dedup"]),
    }


def _source(base_url: str) -> str:
    return base_url.partition("://")[2].rstrip("/") or "noroshi"


def _summary(facts: DeliveryFacts, outside: MobilisingFacts, wording: Wording) -> str:
    """What is read aloud on the telephone: whom it is for, what happened, what to do."""
    _ = wording.gettext
    incident = facts.incident
    assert incident is not None
    area = outside.area.called(wording.locale) if outside.area else ""
    start = _("[DRILL]") + " " if incident.drill else ""
    whom = _("for %(name)s") % {"name": outside.person} if outside.person else area
    return f"{start}{incident.code} {incident.title} ({whom})"


def _call(name: str, wording: Wording) -> str:
    _ = wording.gettext
    return _("System call") if name == "system" else _("Customer call")


class PagerDutySender:
    """Speaks to PagerDuty. A drill goes to the drill's key and never to another; an area's own key comes first."""

    service = "pagerduty"

    def __init__(
        self,
        routing_key: str | None,
        drill_key: str | None,
        events_url: str,
        base_url: str = "",
        wording: Wording | None = None,
        time_limit: float = 10.0,
    ) -> None:
        self._routing_key = routing_key or ""
        self._drill_key = drill_key or ""
        self._events_url = events_url
        self.base_url = base_url
        self._wording = wording or Wording("en", _utc())
        self.time_limit = time_limit

    def send(self, facts: DeliveryFacts) -> Sent:
        """Triggers, acknowledges or resolves; raises DeliveryError. 202 says that it was taken, not that it rang."""
        self._check_needed(facts)
        event = payload(facts, self._key(facts), self._wording, self.base_url)
        _ = self._wording.gettext
        try:
            answer = request("POST", self._events_url, seconds=max(0.05, seconds_left(facts)), json_body=event)
        except Unreachable:
            raise DeliveryError(_("PagerDuty cannot be reached. We keep trying.")) from None
        except Unanswered:
            # Not ambiguous for us: the same dedup_key again opens no second alert, so nobody waits.
            raise DeliveryError(_("PagerDuty did not answer in time, or not completely. We keep trying.")) from None
        if answer.status == 202:
            return Sent(event["dedup_key"])
        if answer.status == 429:
            sentence = _("PagerDuty asks us to slow down. We keep trying.")
            raise DeliveryError(sentence, retry_after=answer.retry_after or WAIT_UNTOLD)
        if answer.status in REFUSED:
            said = answer.text("errors", "message") or f"HTTP {answer.status}"
            sentence = _("PagerDuty refused it (%(reason)s). Check the routing key, then send again, or telephone.")
            raise DeliveryError(sentence % {"reason": said}, permanent=True)
        raise DeliveryError(_("PagerDuty has a problem (HTTP %(code)d). We keep trying.") % {"code": answer.status})

    def _check_needed(self, facts: DeliveryFacts) -> None:
        """Nobody is woken for what is over: an alert that waited too long is not sent any more."""
        _ = self._wording.gettext
        if facts.kind == "page.trigger" and facts.mobilising and facts.mobilising.resolved:
            raise DeliveryError(_("It was restored in the meantime, so nobody was paged."), needless=True)
        if facts.kind == report_paging.TRIGGER and facts.report and facts.report.status != "received":
            raise DeliveryError(_("Somebody has taken the report in the meantime, so it was not sent."), needless=True)

    def _key(self, facts: DeliveryFacts) -> str:
        _ = self._wording.gettext
        if facts.incident and facts.incident.drill:
            if self._drill_key:
                return self._drill_key
            raise DeliveryError(_("Not set up: a drill pages only with PAGERDUTY_DRILL_KEY."), permanent=True)
        key = (facts.mobilising.routing_key if facts.mobilising else "") or self._routing_key
        if not key:
            sentence = _("Not set up: give the area a PagerDuty key, or set PAGERDUTY_ROUTING_KEY. Please telephone.")
            raise DeliveryError(sentence, permanent=True)
        return key


def _utc() -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo("UTC")
