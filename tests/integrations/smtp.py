"""A small mail server of our own: it checks what it gets as a real one does, and fails when it is told to."""

import base64
import contextlib
import re
import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any


class LocalSmtp:
    """Listens on 127.0.0.1. `mails`: (from, to, message); `faults`: {command: answer or None to hang up}, each once."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self.mails: list[tuple[str, list[str], EmailMessage]] = []
        self.faults: dict[str, str | None] = {}
        self.login = base64.b64encode(f"\0{user}\0{password}".encode()).decode() if user else ""
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> "LocalSmtp":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, sender: str, to: list[str], data: bytes) -> None:
        """Refuses what a strict server refuses: bare line feeds, lines too long, headers that are missing."""
        assert b"\n" not in data.replace(b"\r\n", b"")
        assert max(map(len, data.split(b"\r\n"))) <= 998
        message = message_from_bytes(data, policy=policy.default)
        assert isinstance(message, EmailMessage)
        for name in ("From", "To", "Subject", "Date", "Message-ID"):
            assert len(message.get_all(name, [])) == 1, name
        self.mails.append((sender, to, message))


def _handler(server: LocalSmtp) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            sender, to = "", list[str]()
            allowed = not server.login
            self.say("220 local")
            for line in self.rfile:
                command = line.decode("ascii").strip()
                word = command.split()[0].upper() if command else ""
                if word in server.faults:
                    answer = server.faults.pop(word)
                    if answer is None:
                        return
                    self.say(answer)
                elif word == "EHLO":
                    self.say("250-local", "250-8BITMIME", "250 AUTH PLAIN")
                elif word == "AUTH":
                    allowed = command == f"AUTH PLAIN {server.login}"
                    self.say("235 ok" if allowed else "535 wrong")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                elif not allowed:
                    self.say("530 authentication required")
                elif word == "DATA":
                    self.say("354 go on")
                    server.take(sender, to, self.data())
                    self.say("250 taken")
                else:
                    found = re.fullmatch(r"(?:MAIL FROM|RCPT TO):<([^<>@ ]+@[^<>@ ]+)>.*", command, re.I)
                    if word == "MAIL" and found:
                        sender, to = found[1], []
                    elif word == "RCPT" and found:
                        to.append(found[1])
                    self.say("250 ok" if found or word == "RSET" else "501 what?")

        def data(self) -> bytes:
            lines = iter(self.rfile.readline, b".\r\n")
            return b"".join(line[1:] if line.startswith(b"..") else line for line in lines)

        def say(self, *lines: str) -> None:
            self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

        def finish(self) -> None:
            with contextlib.suppress(OSError):
                super().finish()

    return Handler


def config(port: int, **more: Any) -> dict[str, Any]:
    """The settings for it."""
    return {
        "SMTP_URL": None,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": port,
        "SMTP_USER": None,
        "SMTP_PASSWORD": None,
    } | more
