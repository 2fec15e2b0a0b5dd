"""The organisation's language and zone for what goes outside: gettext without a web framework."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from babel.support import NullTranslations, Translations


class Wording:
    """`gettext`, `ngettext` and instants. Message ids are English; without a catalogue they stand as they are."""

    def __init__(
        self, locale: str, zone: ZoneInfo, folder: str | Path | None = None, texts: NullTranslations | None = None
    ) -> None:
        self.locale = locale
        self.zone = zone
        if texts is None:
            texts = Translations.load(folder, [locale]) if folder and locale != "en" else NullTranslations()
        self.gettext = texts.ugettext
        self.ngettext = texts.ungettext

    def moment(self, at: datetime) -> str:
        """Day, time and zone: `8月11日 10:42（JST）`. Slack shows it in any country, so the zone is always said."""
        local = at.astimezone(self.zone)
        day = format_skeleton("MMMd", local, tzinfo=self.zone, locale=self.locale)
        text = f"{day}{' ' if self.locale == 'ja' else ', '}{local:%-H:%M}"
        return f"{text}（{local:%Z}）" if self.locale == "ja" else f"{text} {local:%Z}"
