"""The running local Slack: the app put together, its server in a thread, and what tests hold on to."""

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from local_slack import api, commands, control, modals, page
from local_slack import events as happenings
from local_slack.faults import FaultGate, Faults
from local_slack.interactions import payload, send, signed
from local_slack.rates import Rates
from local_slack.settings import SIGNING_SECRET, TOKEN, Settings
from local_slack.workspace import Message, Workspace


class QuietHandler(WSGIRequestHandler):
    """The page has the log of calls; the terminal stays readable."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Server(ThreadedWSGIServer):
    """A threaded server that knows its connections, so that stopping ends them and leaves no thread behind."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, host: str, port: int, app: Any) -> None:
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(host, port, app, QuietHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """Ends every open connection: a browser keeps idle ones, and stopping would wait for them."""
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


def create_app(settings: Settings, stopping: threading.Event) -> Flask:
    """The API, the page and the control endpoint behind the gate of faults."""
    app = Flask(__name__)
    app.extensions["local_slack"] = settings
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    for room in (api, page, control):
        app.register_blueprint(room.bp)
    app.wsgi_app = FaultGate(app.wsgi_app, settings.faults, stopping, settings.workspace.log)  # type: ignore[assignment,method-assign]
    return app


class LocalSlack:
    """A local Slack in a thread of this process; as a context manager it runs inside the block.

    `port` 0 takes a free port at the first start and keeps it; `interactions` is where clicks are sent.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        signing_secret: str = SIGNING_SECRET,
        interactions: str | None = None,
        commands: str | None = None,
        events: str | None = None,
        rate_limits: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.port = port
        self.faults = Faults()
        self.workspace = Workspace(clock)
        rates = Rates() if rate_limits else None
        self._settings = Settings(
            self.workspace, self.faults, token, signing_secret, interactions, commands, events, rates
        )
        self._stopping = threading.Event()
        self._app = create_app(self._settings, self._stopping)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def token(self) -> str:
        return self._settings.token

    @property
    def signing_secret(self) -> str:
        return self._settings.signing_secret

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the app may do (`usergroups:write`); None: everything."""
        return self._settings.scopes

    @scopes.setter
    def scopes(self, scopes: frozenset[str] | None) -> None:
        self._settings.scopes = scopes

    @property
    def interactions(self) -> str | None:
        return self._settings.interactions

    @interactions.setter
    def interactions(self, url: str | None) -> None:
        self._settings.interactions = url

    @property
    def commands(self) -> str | None:
        """Where slash commands are sent."""
        return self._settings.commands

    @commands.setter
    def commands(self, url: str | None) -> None:
        self._settings.commands = url

    @property
    def events(self) -> str | None:
        """Where events are sent."""
        return self._settings.events

    @events.setter
    def events(self, url: str | None) -> None:
        self._settings.events = url

    @property
    def url(self) -> str:
        """The page, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def api_url(self) -> str:
        """What goes into SLACK_API_URL and into WebClient(base_url=…)."""
        return f"{self.url}api/"

    def start(self) -> "LocalSlack":
        """Listens, on the same port as before if there was one. The workspace is what it was."""
        if self._server:
            return self
        self._stopping.clear()
        self._server = Server("127.0.0.1", self.port, self._app)
        self.port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="local-slack")
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stops listening for real and ends what hangs; connecting is refused from here on."""
        server, thread = self._server, self._thread
        if not server or not thread:
            return
        self._stopping.set()
        server.shutdown()
        server.cut_connections()
        thread.join()
        self._server = self._thread = None

    def __enter__(self) -> "LocalSlack":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def messages(self, channel: str) -> list[Message]:
        """Copies of the messages of a channel (name or id), oldest first, replies among them, with `_pings`."""
        return self.workspace.messages(channel)

    def wait_until(self, check: Callable[[], Any], seconds: float = 5.0) -> bool:
        """Waits, without polling, until `check` is true after some change; False when the time is over."""
        with self.workspace.changed:
            return bool(self.workspace.changed.wait_for(check, seconds))

    def sign(self, body: bytes, at: float | None = None) -> dict[str, str]:
        """The signature headers for a request to the portal, as of `at` (epoch seconds; now by default)."""
        return signed(self.signing_secret, body, self.workspace.clock() if at is None else at)

    def click(self, channel: str, ts: str, action_id: str, user: str = "U0SATO") -> tuple[int, str]:
        """Presses a button as a person would; the status and the answer of the interactions address."""
        return send(self._settings, self.interaction(channel, ts, action_id, user))

    def interaction(self, channel: str, ts: str, action_id: str, user: str = "U0SATO") -> dict[str, Any]:
        """The payload of a click, without sending it. Raises checks.Refusal where there is no such button."""
        return payload(self._settings, self.url, channel, ts, {"action_id": action_id, "user": user})

    def command(self, typed: str, user: str = "U0SATO", channel: str = "hotline") -> tuple[int, str]:
        """Types a slash command as a person would; the status and the app's answer, which is shown to them."""
        return commands.command(self._settings, self.url, channel, user, typed)

    def shortcut(
        self, channel: str, ts: str, callback_id: str = "report_message", user: str = "U0SATO"
    ) -> tuple[int, str]:
        """Picks a shortcut at a message as a person would."""
        return send(self._settings, commands.shortcut(self._settings, self.url, channel, ts, callback_id, user))

    def modal(self, user: str = "U0SATO") -> dict[str, Any] | None:
        """The modal in front of a person; `_errors` is what the app found wrong, by block."""
        return modals.open_for(self.workspace, user)

    def submit(self, values: dict[str, Any], user: str = "U0SATO", view_id: str = "") -> tuple[int, str]:
        """Sends the modal in front of a person with what they typed, by block (`view_id`: another one, again)."""
        view = self.modal(user)
        return modals.submit(self._settings, view_id or str(view["id"] if view else ""), user, values)

    def write(self, text: str, user: str = "U0SATO", channel: str = "hotline", **more: Any) -> Message:
        """Posts as a person (`thread_ts`, `files`: name and bytes each); the app hears of it."""
        return happenings.write(self._settings, self.url, channel, user, text, **more)

    def edit(self, channel: str, ts: str, text: str, user: str = "U0SATO") -> tuple[int, str]:
        """Edits one's own message; the status and the answer of the address for events."""
        return happenings.edit(self._settings, channel, ts, text, user)

    def delete(self, channel: str, ts: str, user: str = "U0SATO") -> tuple[int, str]:
        """Deletes one's own message."""
        return happenings.delete(self._settings, channel, ts, user)

    def react(self, channel: str, ts: str, name: str = "memo", user: str = "U0SATO") -> tuple[int, str]:
        """Puts a reaction to a message; a second time takes it away."""
        return happenings.react(self._settings, channel, ts, name, user)

    def repeat(self) -> tuple[int, str]:
        """Sends the last event again, as Slack does where the answer was lost."""
        return happenings.send_event(self._settings, self._settings.last_event or {})
