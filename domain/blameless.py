"""PURE: hints for wording without blame: which words look for a culprit where a cause is looked for. Never a rule."""

import re
from dataclasses import dataclass

from domain.text import clean

MOST = 6
"""Hints at once: more would be a lecture."""

HINTS: dict[str, tuple[str, ...]] = {
    "culprit": (
        r"犯人", r"(?:の|という)せい(?:で|だ|に)", r"戦犯", r"責任(?:を追及|は.{0,12}にある)", r"\bblam(?:e|ed|ing)\b",
        r"\bwhose fault\b", r"\b(?:his|her|their|your) fault\b", r"\bculprit\b", r"\bguilty\b",
    ),
    "trait": (
        r"怠慢", r"怠った", r"不注意", r"注意不足", r"うっかり", r"いい加減", r"無責任", r"能力不足", r"意識が低",
        r"\bcareless(?:ly|ness)?\b", r"\bneglig\w+", r"\blazy\b", r"\bsloppy\b", r"\bincompeten\w+", r"\bstupid\w*",
    ),
    "error": (
        r"人為的?ミス", r"ヒューマンエラー", r"(?:作業|操作|設定|確認|オペ)ミス", r"\bhuman error\b",
        r"\boperator error\b", r"\buser error\b",
    ),
    "should": (
        r"べきだった", r"べきでした", r"すればよかった", r"しておけば", r"はずだった", r"\bshould(?:n.t| not)? have\b",
        r"\bought to have\b", r"\bcould have simply\b", r"\bfailed to\b", r"\bneglected to\b",
    ),
    "forgot": (r"忘れた", r"忘れていた", r"し忘れ", r"見落と", r"\bforgot(?:ten)?\b", r"\boverlooked\b"),
    "careful": (
        r"気を(?:つけ|付け)", r"注意する", r"注意を徹底", r"(?:周知|確認|教育)(?:を|の)?徹底", r"意識を高め",
        r"\bbe(?:ing)? more careful\b", r"\bpay more attention\b", r"\bremind (?:everyone|everybody|the team)\b",
    ),
}  # fmt: skip
"""What is found by which words. The order is that in which the hints are given."""

_FINDERS = {code: re.compile("|".join(words), re.I) for code, words in HINTS.items()}


@dataclass(frozen=True)
class Hint:
    """A word that was found as it was typed, and which hint it calls for."""

    code: str
    word: str


def hints(*texts: str) -> list[Hint]:
    """One hint for each kind that is found, with the first word that calls for it."""
    whole = "\n".join(clean(text) for text in texts)
    found = ((code, finder.search(whole)) for code, finder in _FINDERS.items())
    return [Hint(code, match[0]) for code, match in found if match][:MOST]
