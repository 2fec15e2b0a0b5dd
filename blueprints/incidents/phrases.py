"""The words that the bridge's form offers: what administrators keep, or else the portal's own, in both languages."""

from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from domain import updates
from domain.text import fold
from domain.updates import TEMPLATE_STATES, WORDS
from settings import LANGUAGES

SERVICES = "{services}"
"""In a template: the names of the services that are touched."""

_BUILT_IN: dict[str, dict[str, Any]] = {
    "declared": {
        "situation": _l("We have confirmed a problem with {services} and are finding out what causes it."),
        "guest_notice": _l("{services} may be hard to use right now; we are investigating. We apologise."),
        "partner_notice": _l(
            "{services} may be hard to use right now; we are investigating. "
            "We will let you know as soon as we know more. We apologise for the trouble."
        ),
        "not_yet": _l("The cause, when it will be restored, and refunds: not confirmed yet."),
    },
    "investigating": {
        "situation": _l("We are still finding out what causes the problem with {services}."),
        "guest_notice": _l("{services} may be hard to use right now; we are investigating. We apologise."),
        "partner_notice": _l("{services} may be hard to use right now. We are working to restore it. We apologise."),
        "not_yet": _l("The cause, when it will be restored, and refunds: not confirmed yet."),
    },
    "identified": {
        "situation": _l("We have found the cause and are restoring {services} now."),
        "guest_notice": _l(
            "{services} may be hard to use right now. We have found the cause and are restoring it. We apologise."
        ),
        "partner_notice": _l(
            "We have found what makes {services} hard to use and are restoring it. "
            "We will let you know when it is done. We apologise for the trouble."
        ),
        "not_yet": _l("When it will be restored, and refunds: not confirmed yet."),
    },
    "monitoring": {
        "situation": _l("{services} can be used again. We are watching that it does not happen again."),
        "guest_notice": _l("{services} can be used again. If it does not work, please try once more. We apologise."),
        "partner_notice": _l(
            "{services} can be used again. We keep watching; if something still does not work, please tell us."
        ),
    },
    "resolved": {
        "situation": _l("{services} has been restored and can be used as usual."),
        "guest_notice": _l("{services} can be used as usual again. We apologise for the trouble this caused."),
        "partner_notice": _l(
            "{services} has been restored and can be used as usual. We apologise for the trouble this caused."
        ),
    },
}


def default_templates() -> dict[tuple[str, str], dict[str, str]]:
    """The portal's own words, by state and language: what counts until an administrator writes others."""
    found = {}
    for locale in LANGUAGES:
        with force_locale(locale):
            for state in TEMPLATE_STATES:
                found[state, locale] = {name: str(_BUILT_IN[state].get(name, "")) for name in WORDS}
    return found


def template(state: str, locale: str) -> dict[str, str]:
    """The words for a state in a language, `{services}` still in them."""
    kept = updates.template_for(state, locale)
    if kept is not None:
        return {name: getattr(kept, name) for name in WORDS}
    return default_templates()[state, locale]


def filled(words: dict[str, str], services: list[Any], locale: str) -> dict[str, str]:
    """The words with the names of the services put in."""
    with force_locale(locale):
        some = str(_l("Some services"))
    names = [service.called(locale) for service in services]
    joined = ("、" if locale == "ja" else ", ").join(names) if names else some
    return {name: text.replace(SERVICES, joined) for name, text in words.items()}


def offered(services: list[Any]) -> set[str]:
    """Every text that a template gives for these services, folded: nobody has written these words themselves."""
    texts = (
        filled(template(state, locale), services, locale).values() for state in TEMPLATE_STATES for locale in LANGUAGES
    )
    return {fold(text) for several in texts for text in several if text}


def same(text: str, other: str) -> bool:
    """Whether two texts say the same, spaces and width aside."""
    return fold(text) == fold(other)
