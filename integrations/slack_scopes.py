"""PURE: which of Slack's permissions each call of ours needs. `docs/slack-manifest.yaml` asks for exactly these."""

METHODS: dict[str, tuple[str, ...]] = {
    "auth.test": (),
    "bookmarks.add": ("bookmarks:write",),
    "bookmarks.list": ("bookmarks:read",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.create": ("channels:manage",),
    # What was sent is looked for before it is sent again, in channels and in direct messages.
    "conversations.history": ("channels:history", "im:history"),
    "conversations.info": ("channels:read",),
    "conversations.invite": ("channels:manage",),
    "conversations.join": ("channels:join",),
    "conversations.list": ("channels:read",),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history",),
    "conversations.setPurpose": ("channels:manage",),
    "conversations.setTopic": ("channels:manage",),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "pins.add": ("pins:write",),
    # Who wrote a message that goes into the timeline, where the portal does not know them.
    "users.info": ("users:read",),
    "usergroups.users.update": ("usergroups:write",),
    "views.open": (),
}
"""Every method that the code calls."""

HEARD: dict[str, tuple[str, ...]] = {
    "slash commands and shortcuts": ("commands",),
    "app_mention": ("app_mentions:read",),
    # An edited message of the timeline is followed; what is marked there goes into it.
    "message.channels": ("channels:history",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "files of marked messages": ("files:read",),
}
"""What Slack sends us."""

NEEDED = frozenset(scope for scopes in (*METHODS.values(), *HEARD.values()) for scope in scopes)


def what_for(scope: str) -> str:
    """The calls that a permission is for."""
    return ", ".join(name for name, scopes in (METHODS | HEARD).items() if scope in scopes)
