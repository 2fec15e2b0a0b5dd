"""How many connections this process may hold: the system's limit of open files is raised as far as it allows."""

import resource

STREAMS = 10_000
"""What one process is made for."""
ENOUGH = 65_536
"""More open files than this are not asked for."""
SPARE = 1_000
"""Open files that streams leave to pages, uploads and the database."""


def raise_open_files() -> int:
    """Asks for as many open files as the system allows, at most ENOUGH; returns how many there may be now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def room(open_files: int) -> int:
    """Streams that fit below a limit of open files; the rest is left to pages, so that a report always gets in."""
    return open_files - min(SPARE, open_files // 2)


def said(open_files: int) -> str:
    """What is told at the start: how many streams fit, and how more would."""
    fits = room(open_files)
    sentence = f"Up to {fits:,} live streams fit (open files: {open_files:,})."
    if fits >= STREAMS:
        return sentence
    return (
        f"{sentence} Whoever comes after them sees the board by asking every few seconds. For {STREAMS:,} raise the "
        f"limit to {STREAMS + SPARE:,} or more: LimitNOFILE= in the systemd unit, or `ulimit -n` before the start."
    )
