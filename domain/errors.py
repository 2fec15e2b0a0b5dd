"""What the domain refuses, and why: codes that the blueprints turn into sentences and HTTP answers."""


class DomainError(Exception):
    """The domain said no. `code` names the sentence, `params` fill it."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class NotAllowed(DomainError):
    """The person has no right to do this (403)."""


class Conflict(DomainError):
    """It is already otherwise: somebody was faster, or the lifecycle does not allow it (409)."""


class Refused(DomainError):
    """What was given cannot be taken (422). `field` names the form field that must change."""

    def __init__(self, field: str, code: str, **params: object) -> None:
        super().__init__(code, **params)
        self.field = field
