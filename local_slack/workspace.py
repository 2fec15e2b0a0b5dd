"""The state of the local Slack: people, channels, messages, files; and the verbs that change it. Knows no HTTP."""

import copy
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from local_slack.checks import Refusal, checked_channel_name
from local_slack.mrkdwn import pings

Message = dict[str, Any]
TEAM_ID = "T0AOBATKT"
TEAM_NAME = "青葉チケット"
BOT_USER = "U0NOROSHI"
BOT_ID = "B0NOROSHI"
MAKER = "U0SATO"
IMAGES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


@dataclass
class User:
    id: str
    name: str
    real_name: str
    email: str
    is_bot: bool = False
    deleted: bool = False


@dataclass
class Channel:
    id: str
    name: str
    created: int
    creator: str
    members: list[str] = field(default_factory=list)
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    topic: str = ""
    purpose: str = ""
    messages: list[Message] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class File:
    id: str
    name: str
    length: int
    alt: str = ""
    title: str = ""
    body: bytes | None = None
    shared: bool = False

    @property
    def mimetype(self) -> str:
        """Told from the bytes, never from the name: only these pictures are shown on the page."""
        known = (kind for head, kind in IMAGES.items() if (self.body or b"").startswith(head))
        return next(known, "application/octet-stream")


@dataclass
class Usergroup:
    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)


@dataclass
class Call:
    """One line of the log on the page."""

    at: float
    method: str
    verdict: str
    detail: str = ""


@dataclass
class Trigger:
    user: str
    until: float
    used: bool = False


@dataclass
class ResponseUrl:
    channel: str
    ts: str
    user: str
    until: float
    left: int = 5


class Workspace:
    """One team. Every verb takes the lock; `version` grows with every change, and waiting threads are told."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 0
        self.ascii_names_only = False
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.files: dict[str, File] = {}
        self.ephemerals: list[Message] = []
        self.views: list[dict[str, Any]] = []
        self.calls: deque[Call] = deque(maxlen=50)
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._numbers = 0
        self._last_ts = 0
        _seed(self)

    def touch(self) -> None:
        """Something changed: the page reloads and waiting tests look again."""
        with self.changed:
            self.version += 1
            self.changed.notify_all()

    def new_id(self, kind: str) -> str:
        """An id in Slack's form: a letter for the kind, ten capitals and digits."""
        self._numbers += 1
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        number, tail = self._numbers, ""
        while number:
            number, rest = divmod(number, 36)
            tail = digits[rest] + tail
        return f"{kind}0LOCAL{tail.rjust(4, '0')}"

    def new_ts(self) -> str:
        """A message's time, which is its id: unique, and growing even when the clock stands still."""
        micros = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        self._last_ts = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def log(self, method: str, verdict: str, detail: str = "") -> None:
        with self.lock:
            self.calls.append(Call(self.clock(), method, verdict, detail))
            self.touch()

    # Looking up

    def channel(self, wanted: Any, *, by_name: bool = False) -> Channel:
        """A channel by id; by `#name` or `name` too where Slack allows it. Raises `channel_not_found`."""
        found = self.channels.get(str(wanted))
        if not found and by_name:
            name = str(wanted).removeprefix("#")
            found = next((one for one in self.channels.values() if one.name == name and not one.is_im), None)
        if not found:
            raise Refusal("channel_not_found")
        return found

    def joined(self, wanted: Any, user: str = BOT_USER) -> Channel:
        """A channel in which this user is. Raises `channel_not_found`, `not_in_channel`."""
        found = self.channel(wanted)
        if user not in found.members:
            raise Refusal("not_in_channel")
        return found

    def message(self, channel: Channel, ts: Any) -> Message:
        for message in channel.messages:
            if message["ts"] == ts:
                return message
        raise Refusal("message_not_found")

    def user(self, wanted: Any, error: str = "user_not_found") -> User:
        if str(wanted) not in self.users:
            raise Refusal(error)
        return self.users[str(wanted)]

    def name_of(self, wanted: str) -> str | None:
        """What people read for an id of a person, a channel or a user group."""
        if wanted in self.users:
            return self.users[wanted].real_name
        if wanted in self.channels:
            return self.channels[wanted].name
        return self.usergroups[wanted].handle if wanted in self.usergroups else None

    def messages(self, wanted: str) -> list[Message]:
        """Copies of all messages of a channel (id or name), oldest first, replies among them, with `_pings`."""
        with self.lock:
            return copy.deepcopy(self.channel(wanted, by_name=True).messages)

    # People and channels

    def add_user(self, name: str, real_name: str, email: str, user_id: str | None = None, is_bot: bool = False) -> User:
        with self.lock:
            user = User(user_id or self.new_id("U"), name, real_name, email, is_bot)
            self.users[user.id] = user
            self.touch()
            return user

    def create(
        self, name: str, creator: str = BOT_USER, *, private: bool = False, channel_id: str | None = None
    ) -> Channel:
        """A new channel with its maker in it. An archived channel keeps its name: `name_taken`."""
        with self.lock:
            checked_channel_name(name, ascii_only=self.ascii_names_only)
            if any(one.name == name for one in self.channels.values()):
                raise Refusal("name_taken")
            channel_id = channel_id or self.new_id("C")
            channel = Channel(channel_id, name, int(self.clock()), creator, [creator], is_private=private)
            self.channels[channel_id] = channel
            self.touch()
            return channel

    def direct(self, users: list[str]) -> Channel:
        """The direct conversation of these people with the bot, opened at the first use."""
        with self.lock:
            members = [BOT_USER, *(self.user(one).id for one in users)]
            name = "dm-" + "-".join(self.users[one].name for one in members[1:])
            for channel in self.channels.values():
                if channel.is_im and set(channel.members) == set(members):
                    return channel
            channel_id = self.new_id("D" if len(users) == 1 else "G")
            channel = Channel(channel_id, name, int(self.clock()), BOT_USER, members, is_private=True, is_im=True)
            self.channels[channel.id] = channel
            self.touch()
            return channel

    def join(self, channel: Channel, user: str) -> bool:
        """Whether the user was not in already."""
        with self.lock:
            if user in channel.members:
                return False
            channel.members.append(user)
            self.touch()
            return True

    # Messages

    def post(self, channel: Channel, user: str, text: str, **more: Any) -> Message:
        """A new message; `more` is what Slack keeps with it (blocks, metadata, thread_ts, files …)."""
        with self.lock:
            if channel.is_archived:
                raise Refusal("is_archived")
            message: Message = {"type": "message", "user": user, "text": text, "ts": self.new_ts(), "team": TEAM_ID}
            if self.users[user].is_bot:
                message |= {"bot_id": BOT_ID, "app_id": "A0NOROSHI"}
            message |= {name: value for name, value in more.items() if value is not None}
            thread = message.get("thread_ts")
            quiet = thread is not None and not message.get("reply_broadcast")
            message["_pings"] = pings(text, message.get("blocks"), in_thread=quiet)
            self._name_blocks(message)
            channel.messages.append(message)
            if thread is not None:
                self._count_reply(channel, thread, message)
            self.touch()
            return message

    def _name_blocks(self, message: Message) -> None:
        for at, block in enumerate(message.get("blocks") or []):
            block.setdefault("block_id", f"b{at}{message['ts'][-4:]}")
            for number, element in enumerate(block.get("elements", []) if block["type"] == "actions" else []):
                element.setdefault("action_id", f"a{at}-{number}")

    def _count_reply(self, channel: Channel, thread: str, reply: Message) -> None:
        # A thread on a message that is not there is accepted; there is then no parent to count on.
        with suppress(Refusal):
            parent = self.message(channel, thread)
            parent["thread_ts"] = thread
            parent["reply_count"] = parent.get("reply_count", 0) + 1
            parent["latest_reply"] = reply["ts"]

    def edit(self, message: Message, by: str, **changes: Any) -> Message:
        """Changes a message in place. An edit pings nobody: `_pings` stays what posting did."""
        with self.lock:
            message.update({name: value for name, value in changes.items() if value is not None})
            if message.get("blocks") == []:
                del message["blocks"]
            self._name_blocks(message)
            message["edited"] = {"user": by, "ts": self.new_ts()}
            self.touch()
            return message

    def remove(self, channel: Channel, message: Message) -> None:
        with self.lock:
            channel.messages.remove(message)
            if message["ts"] in channel.pins:
                channel.pins.remove(message["ts"])
            for parent in channel.messages:
                if parent["ts"] == message.get("thread_ts") and parent.get("reply_count"):
                    parent["reply_count"] -= 1
            self.touch()

    def react(self, message: Message, name: str, user: str) -> bool:
        """Puts a reaction to it (True), or takes the one that is there away (False)."""
        with self.lock:
            reactions: list[dict[str, Any]] = message.setdefault("reactions", [])
            entry = next((one for one in reactions if one["name"] == name), None)
            if entry is None:
                entry = {"name": name, "users": [], "count": 0}
                reactions.append(entry)
            added = user not in entry["users"]
            entry["users"].append(user) if added else entry["users"].remove(user)
            entry["count"] = len(entry["users"])
            message["reactions"] = [one for one in reactions if one["count"]]
            if not message["reactions"]:
                del message["reactions"]
            self.touch()
            return added

    def whisper(self, channel: Channel, user: str, text: str, **more: Any) -> Message:
        """A message that one person sees; it is in no history."""
        with self.lock:
            message = {"type": "message", "user": BOT_USER, "text": text, "ts": self.new_ts(), "channel": channel.id}
            message |= {"_for": user, "_pings": []} | {name: value for name, value in more.items() if value is not None}
            self._name_blocks(message)
            self.ephemerals.append(message)
            self.touch()
            return message

    # Interactions

    def issue_trigger(self, user: str, seconds: float = 3) -> str:
        """A trigger_id as an interaction carries it: once, within three seconds."""
        with self.lock:
            trigger = f"{int(self.clock() * 1000)}.{self.new_id('T')}"
            self.triggers[trigger] = Trigger(user, self.clock() + seconds)
            return trigger

    def take_trigger(self, trigger: Any) -> str:
        """The user behind a trigger_id, which is used up by this."""
        with self.lock:
            found = self.triggers.get(str(trigger))
            if not found:
                raise Refusal("invalid_trigger_id")
            if found.used:
                raise Refusal("exchanged_trigger_id")
            if self.clock() > found.until:
                raise Refusal("expired_trigger_id")
            found.used = True
            return found.user


def _seed(workspace: Workspace) -> None:
    people = (
        ("U0SATO", "sato", "佐藤 美咲"),
        ("U0OKAMOTO", "okamoto", "岡本 沙織"),
        ("U0TAKAHASHI", "takahashi", "高橋 由紀子"),
        ("U0ITO", "ito", "伊藤 航"),
        ("U0OTSUKA", "otsuka", "大塚 仁"),
        ("U0WATANABE", "watanabe", "渡辺 健"),
    )
    for user_id, name, real_name in people:
        workspace.add_user(name, real_name, f"{name}@example.jp", user_id)
    workspace.add_user("noroshi", "狼煙", "noroshi@example.jp", BOT_USER, is_bot=True)
    for channel_id, name, purpose in (
        ("C0HOTLINE", "hotline", "おかしいなと思ったら、いつでもここへ"),
        ("C0GENERAL", "general", "全員へのお知らせ"),
        ("C0STATUS0", "status", "状況のお知らせ"),
        ("C0DRILL00", "drill", "訓練"),
    ):
        channel = workspace.create(name, MAKER, channel_id=channel_id)
        channel.members = [user_id for user_id, _, _ in people]
        channel.purpose = purpose
    workspace.usergroups["S0SYSTEM0"] = Usergroup("S0SYSTEM0", "system", "システム担当", ["U0SATO", "U0OKAMOTO"])
    workspace.usergroups["S0CUSTOMR"] = Usergroup("S0CUSTOMR", "customer", "お客様担当", ["U0TAKAHASHI"])


def permalink_path(channel: Channel, message: Message) -> str:
    """Where the page shows one message."""
    path = f"archives/{channel.id}/p{re.sub(r'[^0-9]', '', message['ts'])}"
    thread = message.get("thread_ts")
    return f"{path}?thread_ts={thread}&cid={channel.id}" if thread and thread != message["ts"] else path
