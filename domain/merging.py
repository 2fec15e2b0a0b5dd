"""Texts that many write at once: updates of Yjs, read and merged by pycrdt. PURE: bytes in, bytes and text out."""

import re
from collections.abc import Iterable
from typing import Any

NAME = "text"
"""The one shared text of a section's document, in the browser as here."""

EMPTY = b"\x00\x00"
"""An update that says nothing."""

# What no table takes or what breaks the page; the browser sends none of it, and trimming would move everybody's carets.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class Unreadable(ValueError):
    """These bytes are no update, or no state, of the library's."""


class Document:
    """One section's document, made of what was merged so far."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        import pycrdt  # here: it takes a tenth of the start, and few requests need it

        self._doc: Any = pycrdt.Doc()
        self._text: Any = self._doc.get(NAME, type=pycrdt.Text)
        for piece in pieces:
            self.merge(piece)

    def merge(self, update: bytes) -> None:
        """Takes an update in: in any order, and again, comes to the same.

        Raises:
            Unreadable: it is none.
        """
        if update:
            _guarded(self._doc.apply_update, update)

    @property
    def text(self) -> str:
        """What it says, without what no table takes."""
        return _UNFIT.sub("", str(self._text))

    def state(self) -> bytes:
        """What is known here, in short: whoever gets it can tell what is missing here."""
        return bytes(self._doc.get_state())

    def missing(self, state: bytes) -> bytes:
        """What somebody whose state is this lacks; empty `state`: everything.

        Raises:
            Unreadable: it is no state.
        """
        return bytes(_guarded(self._doc.get_update, state) if state else self._doc.get_update())

    def rewrite(self, text: str) -> bytes:
        """Makes it say this, changing as little as possible; returns the update that does so."""
        before, old, new = self.state(), str(self._text), text
        start = _common(old, new)
        end = _common(old[start:][::-1], new[start:][::-1])
        # The library counts bytes.
        at = len(old[:start].encode())
        gone = len(old[start : len(old) - end].encode())
        with self._doc.transaction():
            if gone:
                del self._text[at : at + gone]
            if put := new[start : len(new) - end]:
                self._text.insert(at, put)
        return self.missing(before)


def join(pieces: list[bytes]) -> bytes:
    """Several updates as one; they are taken for good, having been merged before."""
    import pycrdt

    return pieces[0] if len(pieces) == 1 else bytes(pycrdt.merge_updates(*pieces))


def _common(one: str, other: str) -> int:
    """How many characters both begin with; halved, because comparing is quick and counting is not."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _guarded(call: Any, *given: bytes) -> Any:
    try:
        return call(*given)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what the library cannot read may also end in a panic, which is no Exception
        raise Unreadable(str(error)) from None
