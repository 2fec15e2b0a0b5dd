"""What every page's template asks for."""

import pytest
from flask import Flask

from blueprints.shared.pages import telephone

pytestmark = pytest.mark.one_database


def test_numbers_are_written_as_at_home(app: Flask) -> None:
    assert telephone("+819012345678") == "090-1234-5678"
    assert telephone("+442071838750") == "+44 20 7183 8750"
