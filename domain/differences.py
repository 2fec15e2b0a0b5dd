"""What changed between two texts, line by line and within a line, for people to read. PURE."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

AROUND = 2
"""Unchanged lines that are shown around a change."""

MOST_LINES = 2000
"""Changed lines up to which pairs are looked for: comparing takes the square of them."""

MOST_CHARACTERS = 400
"""Characters of a line up to which it is told what changed within it."""


@dataclass(frozen=True)
class Line:
    """`kind`: same, gone, new or gap (lines that are left out). `pieces`: (whether it changed, words)."""

    kind: str
    pieces: tuple[tuple[bool, str], ...] = ()


def between(before: str, after: str) -> list[Line]:
    """The lines that changed, with a little of what stands around them; nothing where nothing changed."""
    old, new = before.split("\n") if before else [], after.split("\n") if after else []
    start = _same(old, new)
    end = _same(old[start:][::-1], new[start:][::-1])
    middle = list(_changed(old[start : len(old) - end], new[start : len(new) - end]))
    if not middle:
        return []
    return [*_above(old[:start]), *middle, *_below(old[len(old) - end :])]


def _same(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _above(lines: list[str]) -> list[Line]:
    gap = [Line("gap")] if len(lines) > AROUND else []
    return gap + [_whole("same", line) for line in lines[-AROUND:]]


def _below(lines: list[str]) -> list[Line]:
    return [_whole("same", line) for line in lines[:AROUND]] + ([Line("gap")] if len(lines) > AROUND else [])


def _changed(old: list[str], new: list[str]) -> Iterator[Line]:
    if len(old) > MOST_LINES or len(new) > MOST_LINES:
        yield from _replaced(old, new)
        return
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            yield from _replaced(old[a:b], new[c:d])
        elif b - a > 2 * AROUND:
            yield from (_whole("same", line) for line in old[a : a + AROUND])
            yield Line("gap")
            yield from (_whole("same", line) for line in old[b - AROUND : b])
        else:
            yield from (_whole("same", line) for line in old[a:b])


def _replaced(old: list[str], new: list[str]) -> Iterator[Line]:
    if len(old) != len(new) or len(old) > 50:
        yield from (_whole("gone", line) for line in old)
        yield from (_whole("new", line) for line in new)
        return
    for left, right in zip(old, new, strict=True):
        yield from _within(left, right)


def _within(left: str, right: str) -> Iterator[Line]:
    if max(len(left), len(right)) > MOST_CHARACTERS:
        yield from (_whole("gone", left), _whole("new", right))
        return
    gone, new = [], []
    for what, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if b > a:
            gone.append((what != "equal", left[a:b]))
        if d > c:
            new.append((what != "equal", right[c:d]))
    yield Line("gone", tuple(gone))
    yield Line("new", tuple(new))


def _whole(kind: str, line: str) -> Line:
    return Line(kind, ((kind != "same", line),))
