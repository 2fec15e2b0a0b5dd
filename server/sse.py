"""The bytes of an event stream: pure framing of messages, beats and the end, each as one HTTP chunk."""

import re
from hashlib import blake2b

END_OF_STREAM = b"0\r\n\r\n"
"""The last chunk of a chunked answer."""

# Only these end a line of an event stream; str.splitlines() would also split at U+2028 and form feeds.
_LINE_END = re.compile(r"\r\n|\r|\n")


def version_of(html: str) -> str:
    """The `id:` of a message: 16 hex digits, equal for equal bytes, in every process and after every restart."""
    return blake2b(html.encode(), digest_size=8).hexdigest()


def message(html: str, version: str) -> bytes:
    """A fragment as an unnamed event with its version as id."""
    return _chunk(f"id: {version}\n{_data(html)}")


def named(name: str, data: str) -> bytes:
    """An event the page listens to by name. Comments would be invisible to it."""
    return _chunk(f"event: {name}\n{_data(data)}")


def retry(milliseconds: int) -> bytes:
    """After how many milliseconds the client shall come back when the stream breaks."""
    return _chunk(f"retry: {milliseconds}\n\n")


def _data(text: str) -> str:
    return "".join(f"data: {line}\n" for line in _LINE_END.split(text)) + "\n"


def _chunk(text: str) -> bytes:
    body = text.encode()
    return b"%x\r\n%b\r\n" % (len(body), body)
