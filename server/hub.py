"""The live hub: renders each fragment once per kind of reader and hands the bytes to every open stream."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from server import metrics, sse
from server.limits import STREAMS
from server.stream import Key, Person, Stream
from server.way import Way

BEAT = 15.0
"""Seconds between two beats."""
PAUSE = 0.1
"""Seconds between two renderings at least; the first one comes at once."""
BREATH = 0.5
"""For how many times the last round the hub rests: of many changes at many boards pages keep a third of the time."""
LONGEST_PAUSE = 1.0
RETRY = (1_000, 15_000)
"""Milliseconds over which clients spread when they come back: all at once they would cost Flask seconds."""
LETTING_IN = 3
"""Milliseconds for each stream that comes back: many of them spread over longer than RETRY."""
TURN = 200
"""Streams that are written to before the loop may do something else."""
PATIENCE = 0.15
"""Seconds for which a round at the boards lets what somebody sends go first, all in all."""
CATCH_UP = 0.1
"""Seconds between two looks at the streams that were passed over."""
AGAIN = timedelta(seconds=1)
"""After how long a rendering that failed is tried again."""
ANYWAY = 60.0
"""Seconds after which everything is looked at without a signal: rights end by the clock as well."""

Rendered = tuple[str, datetime | None] | None
Render = Callable[[str, str, str], Rendered]
"""(topic, language, class of rights) to html and the instant at which it changes by itself; None: it has ended."""
Unwelcome = Callable[[set[Person]], set[Person]]
"""Of these people those who were signed out or deactivated, or have other rights now."""
log = structlog.get_logger()


@dataclass(frozen=True)
class Fragment:
    """A rendering, framed once for all streams. `version` is empty while there is none yet."""

    version: str = ""
    framed: bytes = b""
    changes_at: datetime | None = None


class Hub:
    """All open streams of this process. Lives on the event loop; only `signal` may be called from any thread.

    `way`: taken while boards are being served. `watch(True)` is called when the first stream opens and `watch(False)`
    when the last one has gone. `most`: how many streams there may be.
    """

    def __init__(
        self,
        render: Render,
        unwelcome: Unwelcome,
        pool: Executor,
        watch: Callable[[bool], None] = lambda wanted: None,
        *,
        beat: float = BEAT,
        well: Callable[[], bool] = lambda: True,
        anyway: float = ANYWAY,
        most: int = STREAMS,
    ) -> None:
        self._render = render
        self._unwelcome = unwelcome
        self._pool = pool
        self._watch = watch
        self._beat = beat
        self._well = well
        self._anyway = anyway
        self._most = most
        metrics.streams_room.set(most)
        self.count = 0
        self.signals = 0
        self._signalled = False
        self._waits = False
        self.way = Way()
        self._stopping = False
        self._streams: dict[Key, set[Stream]] = {}
        self._people: Counter[Person] = Counter()
        self._fragments: dict[Key, Fragment] = {}
        self._behind: set[Stream] = set()
        self._tasks: list[asyncio.Task[None]] = []

    # Life

    def start(self) -> None:
        """Begins to work on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        works = (self._publish(), self._beats(), self._catch_up(), self._look_anyway())
        self._tasks = [self._loop.create_task(work) for work in works]

    async def stop(self) -> None:
        """Ends every stream; whoever comes after this is ended at once."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # Told anew: how many come back at once is known only now.
        last = self._latest_return()
        await self._each(self._everyone(), lambda stream: stream.end(_come_back(last)))

    def signal(self) -> None:
        """Something was committed. From any thread."""
        if self._waits:
            # At once, for whoever else hears of the commit.
            self.way.take()
        # A commit may come after the loop has ended: then nobody is there to be told.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._note)

    def _note(self) -> None:
        self.signals += 1
        self._signalled = True
        self._wake.set()

    # Streams

    async def hold(self, stream: Stream, receive: Any) -> None:
        """Keeps a stream, whose headers have been sent, until one of the two sides ends it."""
        stream.keep_little()
        stream.write(_come_back(self._latest_return()))
        self._open(stream)
        if stream.signals != self.signals:
            self._note()
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._close(stream)

    @property
    def full(self) -> bool:
        """Whether another stream would take what pages need."""
        return self.count >= self._most

    def _latest_return(self) -> int:
        """Milliseconds until the last one comes back, if all are cut off now."""
        return max(RETRY[1], self.count * LETTING_IN)

    def _open(self, stream: Stream) -> None:
        if self._stopping:
            stream.end()
        if not self._streams:
            self._watch(True)
        self.count += 1
        self._people[stream.person] += 1
        self._streams.setdefault(stream.key, set()).add(stream)
        metrics.streams.inc()
        if stream.key in self._fragments:
            self._give(stream)
        else:
            self._wake.set()

    def _close(self, stream: Stream) -> None:
        self.count -= 1
        self._people[stream.person] -= 1
        if not self._people[stream.person]:
            del self._people[stream.person]
        metrics.streams.dec()
        self._behind.discard(stream)
        self._streams[stream.key].discard(stream)
        if not self._streams[stream.key]:
            # Nobody keeps it up to date from now on.
            del self._streams[stream.key]
            self._fragments.pop(stream.key, None)
        if not self._streams:
            self._watch(False)

    def _everyone(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]

    def _give(self, stream: Stream) -> None:
        """Writes the present fragment, unless the stream has it; one that is too slow gets the newest later."""
        fragment = self._fragments.get(stream.key)
        if fragment is None or fragment.version in ("", stream.seen):
            self._behind.discard(stream)
        elif stream.write(fragment.framed):
            stream.seen = fragment.version
            self._behind.discard(stream)
        else:
            self._behind.add(stream)

    async def _each(self, streams: Iterable[Stream], act: Callable[[Stream], Any]) -> None:
        patience = PATIENCE
        for count, stream in enumerate(tuple(streams), 1):
            try:
                act(stream)
            except Exception:
                # One broken stream must not silence the others, nor end the beats.
                log.exception("a stream failed")
                stream.transport.abort()
            if count % TURN == 0:
                patience -= await self.way.let_pass(patience)

    # Work

    async def _publish(self) -> None:
        """After a signal, or when a fragment's time has come: at once, then not more often than every PAUSE."""
        failed = False
        while True:
            self._waits = not self._wake.is_set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._until_due()):
                    await self._wake.wait()
            self._waits = False
            self._wake.clear()
            began = time.monotonic()
            self.way.take()
            try:
                await self._round()
                failed = False
            except Exception as error:
                # Said in full once: a database that is away for a minute would fill the log.
                say = log.warning if failed else log.exception
                say("the live hub failed; it tries again", error=type(error).__name__)
                failed = True
                self._loop.call_later(AGAIN.total_seconds(), self._note)
            finally:
                self.way.free()
            took = time.monotonic() - began
            await asyncio.sleep(max(PAUSE - took, min(took * BREATH, LONGEST_PAUSE)))

    async def _round(self) -> None:
        everything, self._signalled = self._signalled, False
        if everything:
            await self._end_unwelcome()
        keys = list(self._streams) if everything else self._due()
        # What most people look at comes first.
        for key in sorted(keys, key=lambda key: -len(self._streams.get(key, ()))):
            await self._refresh(key)

    def _due(self) -> list[Key]:
        """The keys that were never rendered, or whose bytes the clock has changed."""
        now = datetime.now(UTC)
        found = ((key, self._fragments.get(key)) for key in self._streams)
        return [key for key, old in found if old is None or (old.changes_at and old.changes_at <= now)]

    def _until_due(self) -> float | None:
        """Seconds until `_due` has something to say; None: not before the next signal."""
        if any(key not in self._fragments for key in self._streams):
            return 0
        instants = [old.changes_at for old in self._fragments.values() if old.changes_at]
        if not instants:
            return None
        # At most a minute: the wall clock may be set while we wait. A little late: never before the instant.
        return min(60.0, max(0.0, (min(instants) - datetime.now(UTC)).total_seconds()) + 0.01)

    async def _end_unwelcome(self) -> None:
        """Ends the streams of people who were signed out or deactivated, or have other rights now: one question."""
        gone = await self._ask(self._unwelcome, set(self._people))
        for stream in self._everyone() if gone else ():
            if stream.person in gone:
                stream.end(sse.named("end", ""))

    async def _refresh(self, key: Key) -> None:
        """Renders a fragment and, when its bytes changed, hands it to its streams."""
        before = self._fragments.get(key, Fragment())
        soon = datetime.now(UTC) + AGAIN
        began = time.monotonic()
        try:
            rendered = await self._ask(self._render, *key)
        except Exception:
            log.exception("a live fragment could not be rendered", topic=key.topic)
            self._keep(key, replace(before, changes_at=soon))
            return
        metrics.render_seconds.observe(time.monotonic() - began)
        if rendered is None:
            await self._each(self._streams.get(key, ()), lambda stream: stream.end(sse.named("end", "")))
            return
        html, changes_at = rendered
        # An instant that is over already would make us render without a pause.
        changes_at = max(changes_at, soon) if changes_at and changes_at <= datetime.now(UTC) else changes_at
        version = sse.version_of(html)
        if version == before.version:
            self._keep(key, replace(before, changes_at=changes_at))
            return
        self._keep(key, Fragment(version, sse.message(html, version), changes_at))
        began = time.monotonic()
        await self._each(self._streams.get(key, ()), self._give)
        metrics.fan_out_seconds.observe(time.monotonic() - began)

    def _keep(self, key: Key, fragment: Fragment) -> None:
        if key in self._streams:
            self._fragments[key] = fragment

    async def _ask(self, call: Callable[..., Any], *args: Any) -> Any:
        return await self._loop.run_in_executor(self._pool, call, *args)

    async def _beats(self) -> None:
        """Lets every page know that its stream lives; not while nothing new could come, so that it says since when."""
        while True:
            await asyncio.sleep(self._beat)
            if not self._well():
                continue
            beat = sse.named("beat", datetime.now(UTC).isoformat(timespec="seconds"))
            await self._each(self._everyone(), lambda stream, beat=beat: stream.write(beat))  # type: ignore[misc]

    async def _catch_up(self) -> None:
        while True:
            await asyncio.sleep(CATCH_UP)
            metrics.streams_behind.set(len(self._behind))
            await self._each(self._behind, self._give)

    async def _look_anyway(self) -> None:
        while True:
            await asyncio.sleep(self._anyway)
            self._note()


def _come_back(latest: int) -> bytes:
    """After how long to come back, different for each."""
    return sse.retry(random.randint(RETRY[0], latest))  # noqa: S311 (a spread, no secret)
