"""PURE: what an incident's channel is called, by the organisation's pattern and Slack's rules for names."""

import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

DEFAULT = "incdent_{date}_{title}"
MOST = 80
"""Characters that Slack takes."""

FIELDS = ("date", "title", "code", "severity")
_FIELD = re.compile(r"\{(\w*)\}")
_RUN = re.compile(r"-{2,}")


def is_pattern(text: str) -> bool:
    """Whether a pattern names only what there is, and makes names that differ."""
    named = _FIELD.findall(text)
    return (
        set(named) <= set(FIELDS) and bool({"title", "code"} & set(named)) and not set("{}") & set(_FIELD.sub("", text))
    )


def slug(text: str) -> str:
    """Letters and digits of any script, `-` and `_`, in lower case; anything else becomes one `-`."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    kept = "".join(char if (char.isalnum() and char == char.lower()) or char in "-_" else "-" for char in text)
    return _RUN.sub("-", kept)


def candidates(pattern: str, *, at: datetime, zone: ZoneInfo, title: str, code: str, severity: str) -> list[str]:
    """The names to try, the wanted one first; the others carry the code, so that no two incidents share one."""
    values = {"date": f"{at.astimezone(zone):%Y%m%d}", "code": code.lower(), "severity": severity}
    wanted = _named(pattern, {**values, "title": slug(title).strip("-_")})
    return list(dict.fromkeys([wanted, *(_suffixed(wanted, f"_{code.lower()}{more}") for more in ("", "-2", "-3"))]))


def fallbacks(pattern: str, *, at: datetime, zone: ZoneInfo, code: str, severity: str) -> list[str]:
    """The same in ASCII, from date and code, for a workspace that refuses the others."""
    day = f"{at.astimezone(zone):%Y%m%d}"
    bare = _FIELD.sub(lambda field: field[0] if field[1] in ("date", "code") else "", pattern)
    plain = _named(bare, {"date": day, "code": code.lower()}).encode("ascii", "ignore").decode()
    plain = re.sub(r"[-_]{2,}", "_", plain).strip("-_")
    for part in (day, code.lower()):
        if part not in plain:
            plain = f"{plain}_{part}".strip("_")
    return [plain[:MOST], *(_suffixed(plain, f"-{number}") for number in (2, 3))]


def _named(pattern: str, values: dict[str, str]) -> str:
    """The pattern filled in. The title alone is cut: what stands behind it tells two incidents apart."""
    literal = _FIELD.sub(lambda field: f"{{{field[1]}}}" if field[1] in values else "", pattern)
    parts = [values[part[1:-1]] if part.startswith("{") else slug(part) for part in re.split(r"(\{\w+\})", literal)]
    if "title" in values and (over := len("".join(parts)) - MOST) > 0:
        title = values["title"]
        shorter = title[: max(1, len(title) - over)].rstrip("-_")
        parts = [shorter if part is title else part for part in parts]
    return "".join(parts)[:MOST].strip("-")


def _suffixed(name: str, suffix: str) -> str:
    return name[: MOST - len(suffix)].rstrip("-_") + suffix
