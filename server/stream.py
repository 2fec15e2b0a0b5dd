"""One open stream: to whom it belongs, and how bytes get into it without waiting."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from server import sse

WAITING = 16 * 1024
"""Bytes that may wait in a stream before it is passed over, beside one fragment, which all share who wait for it."""
SEND_BUFFER = 32 * 1024
"""Bytes of a stream that the system is asked to keep (it takes twice as many); by itself it would keep megabytes."""

Person = tuple[int, int, str]
"""A person's id, session epoch, and the class of rights that the stream was allowed for."""


class Key(NamedTuple):
    """What a fragment depends on. Who looks at it is not among it."""

    topic: str
    lang: str
    rights: str


@dataclass(eq=False, slots=True)
class Stream:
    """One open connection. `seen` is the version of the newest fragment it was given; `signals` the hub's count before
    the person was let in: a commit in between could have signed them out."""

    transport: Any
    key: Key
    person: Person
    seen: str = ""
    signals: int = 0

    def write(self, framed: bytes) -> bool:
        """Writes at once; False when the reader is too slow and too much waits already."""
        if self.transport.is_closing():
            return True
        waiting = self.transport.get_write_buffer_size()
        if waiting and waiting + len(framed) > WAITING:
            return False
        self.transport.write(framed)
        return True

    def keep_little(self) -> None:
        """Tells the system to hold back little of what this reader does not take."""
        connection = self.transport.get_extra_info("socket")
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def end(self, last_words: bytes = b"") -> None:
        """Ends the stream now. A reader that stands still would never take the farewell: it is cut off."""
        if self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.write(last_words + sse.END_OF_STREAM)
            self.transport.close()
