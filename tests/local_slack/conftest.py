"""A local Slack of each test's own, and a client that retries nothing."""

from collections.abc import Callable, Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from local_slack import LocalSlack


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(slack.token, base_url=slack.api_url, retry_handlers=[], timeout=5)


@pytest.fixture
def refused() -> Callable[..., SlackApiError]:
    """Calls a method that must be refused and hands back the error; checks its name."""

    def call(run: Callable[..., object], error: str, **args: object) -> SlackApiError:
        with pytest.raises(SlackApiError) as caught:
            run(**args)
        assert caught.value.response["error"] == error
        return caught.value

    return call
