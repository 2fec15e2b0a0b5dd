"""How the process keeps its memory: rubbish is looked for seldom, and what is free again is found again."""

import ctypes
import gc

YOUNG = 10_000
"""New objects after which the youngest are looked through for rubbish; a page with a roster makes thousands."""
ARENAS = 2
"""Heaps of the C library. By itself it makes eight for each core, one for each thread that asks: what one thread gave
back the others do not use, and a long day takes ever more."""
_ARENA_MAX = -8
"""`M_ARENA_MAX` in glibc's malloc.h."""


def keep_together() -> None:
    """Before threads begin. Where the C library is another one, as it does by itself."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_ARENA_MAX, ARENAS)


def collect_rarely() -> None:
    """What was loaded to start stays: looking through it again and again cost a tenth of every page."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
