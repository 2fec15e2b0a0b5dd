"""The words of a text that say something, each in one spelling: 申込 is 申し込み, サーバ is サーバー. By Sudachi.

Its dictionary takes a tenth of a second and 50 MB. It is loaded when it is first asked for, never at the start, and
let go once nobody has asked for a while.
"""

import re
import threading
import time
import unicodedata
from typing import Any

from domain.text import clean

IDLE = 300.0
"""Seconds after the last question until the dictionary is let go."""

PIECE = 4_000
"""Characters that are looked at in one go: the library takes at most 49,149 bytes."""

LONGEST = 40
"""Characters of a word that is kept."""

KEPT = ("名詞", "動詞", "形容詞", "形状詞")
"""Kinds of words that say something; particles, endings and signs do not."""

LEFT_OUT = ("数詞", "助動詞語幹", "非自立可能")
_COMMON = """
為る 出来る 有る 居る 成る 行う 頂く 下さる 致す 御座る 申す 見る 言う 思う 此方 其の 事 物 時 為 様 所 方 中 今 現在
下記 以下 御 件 お客様 皆様 影響 状況 状態 発生 確認 調査 対応 復旧 障害 事象 迷惑 不便 申し訳 ご不便 詫び 御免 案内
予定 更新 原因 一部 場合 可能 内容 本件 完了 解消 継続 実施 引き続き 当社 弊社 サービス 繋がる 掛ける 続く 続ける
行く 来る 分かる 問題 情報 次第 究明 上記 関する 一時 可能性 全て
the and for with that this from are was were has have had been will not our you your all any can may some more than
into out its but who what when where there their they them these those also now new next see still be is an of to in
on at as by we it or if no issue issues incident update updates resolved monitoring investigating identified service
services user users customer customers experiencing continue continuing working team fix fixed problem problems
please time utc jst am pm touches degraded performance report reports
"""
COMMON = frozenset(_COMMON.split())
"""What every incident says: it tells none from another."""

_LATIN = re.compile(r"[a-z][a-z0-9.+-]*")
_SMALL = re.compile(r"[\d\W_]+|[ぁ-んa-z]")


class _Dictionary:
    """The library's tokenizer, loaded late; one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokenizer: Any = None
        self._used = 0.0

    def morphemes(self, text: str) -> list[tuple[str, str, tuple[str, ...]]]:
        """(As it stands, normal form, kind of word) of everything in a text."""
        with self._lock:
            self._used = time.monotonic()
            if self._tokenizer is None:
                from sudachipy import Dictionary, SplitMode

                self._tokenizer = Dictionary(dict="small").tokenizer(mode=SplitMode.A)
            return [
                (one.surface(), one.normalized_form(), tuple(one.part_of_speech()))
                for one in self._tokenizer.tokenize(text)
            ]

    def rest(self, idle: float) -> bool:
        """Lets the dictionary go if nobody has asked for `idle` seconds; whether it did."""
        with self._lock:
            if self._tokenizer is None or time.monotonic() - self._used < idle:
                return False
            self._tokenizer = None
            return True


_dictionary = _Dictionary()


def rest(idle: float = IDLE) -> bool:
    """Gives the memory of the dictionary back where nobody has asked for it for a while; whether it did."""
    return _dictionary.rest(idle)


def words(text: str, most: int = 20_000) -> list[str]:
    """The words of a text that say something, each once, in their order. `most`: characters that are looked at."""
    plain = unicodedata.normalize("NFKC", clean(text))[:most]
    found: dict[str, None] = {}
    for start in range(0, len(plain), PIECE):
        for surface, normal, kind in _dictionary.morphemes(plain[start : start + PIECE]):
            # English stays English: the dictionary would write “the” in katakana.
            form = surface if surface.isascii() else normal
            if kind[0] in KEPT and not set(kind) & set(LEFT_OUT) and (word := _one(form)):
                found[word] = None
    return list(found)


def _one(form: str) -> str:
    """A word as it is kept, or nothing: numbers, single letters and what everybody says are left out."""
    word = form.casefold().strip()[:LONGEST]
    if word in COMMON or _SMALL.fullmatch(word):
        return ""
    # Enough of English for headlines: one ticket and two tickets are the same thing.
    if _LATIN.fullmatch(word) and len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return "" if word in COMMON else word
