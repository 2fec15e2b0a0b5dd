"""Which language and which clock a page speaks: the browser's, then the person's; the organisation's zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale, gettext, ngettext
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from settings import LANGUAGES


def _language() -> str:
    locale = spoken()
    return locale.language if locale else str(current_app.config["LOCALE"])


def choose() -> str:
    """ja or en: set by the live hub, chosen by the person, asked for by the browser, or the organisation's."""
    if not has_request_context():
        return str(current_app.config["LOCALE"])
    if forced := g.get("language"):
        return str(forced)
    if current_user and current_user.is_authenticated and current_user.locale in LANGUAGES:
        return str(current_user.locale)
    if (cookie := request.cookies.get("language")) in LANGUAGES:
        return str(cookie)
    return request.accept_languages.best_match(LANGUAGES) or str(current_app.config["LOCALE"])


def zone() -> ZoneInfo:
    """The organisation's time zone: pages show it and say it."""
    return current_app.config["ZONE"]


def now() -> datetime:
    """The instant of this request, aware UTC; the same for everything on one page. Tests may set `g.now`."""
    if not has_request_context():
        return datetime.now(UTC)
    if "now" not in g:
        clock = current_app.config.get("CLOCK")
        g.now = clock() if clock else datetime.now(UTC).replace(microsecond=0)
    return g.now


def minute() -> datetime:
    """The minute of this request. How long ago or ahead something is goes by it: so a page is the same for a minute."""
    return now().replace(second=0, microsecond=0)


def local(at: datetime) -> datetime:
    return at.astimezone(zone())


def clock_time(at: datetime) -> str:
    """`9:05` in the organisation's zone."""
    moment = local(at)
    return f"{moment.hour}:{moment.minute:02}"


def day(at: datetime | date) -> str:
    """`8月11日（火）` or `Tue, 11 Aug`; with the year where it is not this year."""
    moment = local(at) if isinstance(at, datetime) else at
    this_year = moment.year == local(now()).year
    if _language() == "ja":
        return format_date(moment, "M月d日（E）" if this_year else "y年M月d日（E）", locale="ja")
    return format_date(moment, "EEE, d MMM" if this_year else "EEE, d MMM y", locale="en")


def moment(at: datetime) -> str:
    """The shortest form that cannot be misread: the time alone today, else day and time."""
    there = local(at)
    clock = f"{there.hour}:{there.minute:02}"
    return clock if there.date() == local(now()).date() else f"{day(there)} {clock}"


def month(at: datetime | date) -> str:
    locale = get_locale()
    return format_date(at, "y年M月" if locale.language == "ja" else "MMMM y", locale=locale)


def ago(at: datetime) -> str:
    """How long ago, in words: `7分前`."""
    length = minute() - at
    if length < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(span)s ago", span=span(length))


def span(length: timedelta) -> str:
    """A length of time in words, rounded down to what matters: `50分`, `1時間12分`, `3日`."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return ngettext("%(num)d min", "%(num)d min", max(minutes, 0))
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        whole = ngettext("%(num)d h", "%(num)d h", hours)
        return whole if minutes == 0 else gettext("%(hours)s %(minutes)s", hours=whole, minutes=_minutes(minutes))
    return ngettext("%(num)d day", "%(num)d days", hours // 24)


def _minutes(minutes: int) -> str:
    return ngettext("%(num)d min", "%(num)d min", minutes)


def zone_name() -> str:
    """`日本時間` or `Japan Time`: how people call the organisation's zone."""
    return get_timezone_name(zone(), width="long", zone_variant="generic", locale=get_locale()) or str(zone())


def zone_short() -> str:
    """`JST`, or `UTC+9` where the zone has no abbreviation."""
    return local(now()).tzname() or format_time(now(), "O", tzinfo=zone(), locale="en")


def spoken() -> Locale | None:
    """Flask-Babel's `get_locale` in one look where it was asked before: a page asks two hundred times."""
    try:
        return g._flask_babel.babel_locale or get_locale()
    except (AttributeError, RuntimeError):  # not asked before, or outside of any request
        return get_locale()


class Texts(Domain):
    """The catalogues, found by the language alone."""

    def get_translations(self) -> Any:
        locale = spoken()
        if locale is None:
            return super().get_translations()
        if locale.language not in self.cache:
            self.cache[locale.language] = super().get_translations()
        return self.cache[locale.language]


texts = Texts()


@pass_eval_context
def _gettext(evaluated: EvalContext, text: str, **values: Any) -> str:
    """`_()` in templates, as Jinja's own i18n extension does it with `newstyle`, without its detours."""
    found = texts.get_translations().ugettext(text)
    return _filled(Markup(found) if evaluated.autoescape else found, values)


@pass_eval_context
def _ngettext(evaluated: EvalContext, one: str, many: str, num: int, **values: Any) -> str:
    found = texts.get_translations().ungettext(one, many, num)
    return _filled(Markup(found) if evaluated.autoescape else found, {"num": num, **values})


def _filled(found: str, values: dict[str, Any]) -> str:
    """What is put into Markup is escaped. A text is a format string also where nothing is put in."""
    return found % values if values or "%" in found else found


def init_app(app: Flask) -> None:
    babel = Babel(app, locale_selector=choose, default_translation_directories=str(app.root_path) + "/translations")
    babel.domain_instance = texts
    app.jinja_env.globals.update(
        _=_gettext, gettext=_gettext, ngettext=_ngettext,
        now=now, minute=minute, clock_time=clock_time, day=day, moment=moment, month=month, ago=ago, span=span,
        zone_name=zone_name, zone_short=zone_short, language=_language,
    )  # fmt: skip
