"""A service that hands out tokens and wants one with each request."""

import secrets

from local_services.faulty import Ask, FaultyServer


class TokenServer(FaultyServer):
    """`tokens` holds those that are taken."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: set[str] = set()

    def made_token(self) -> str:
        """A new one, which is taken from now on."""
        token = secrets.token_hex(8)
        self.tokens.add(token)
        return token

    def knows(self, ask: Ask) -> bool:
        """Whether a request has a token that is taken."""
        return ask.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens

    def revoke(self) -> None:
        """Every token is refused from now on; a new one can be had."""
        with self.lock:
            self.tokens.clear()
