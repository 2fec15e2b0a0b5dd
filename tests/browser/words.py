"""The portal's sentences as a reader of Japanese finds them: tests name them by their English."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

CATALOGUE = Path(__file__).parent.parent.parent / "translations" / "ja" / "LC_MESSAGES" / "messages.po"


@cache
def _catalogue() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if isinstance(message.id, str)}


def ja(sentence: str, **given: object) -> str:
    """The Japanese of an English sentence of the portal; a sentence that it does not have is an error."""
    said = _catalogue()[sentence]
    assert said, sentence
    return said % given if given else said
