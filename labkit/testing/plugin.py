"""The pytest plugin: the fixture `sse`. It imports nothing of labkit before a test uses it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from labkit.testing.endpoint import Endpoint


@pytest.fixture
def sse() -> Iterator[Callable[..., Endpoint]]:
    """A function that makes an endpoint to check, of a URL or of an app: `sse(app, path="/events").streams()`.

    It takes what labkit.testing.sse_endpoint takes. What it serves is stopped at the end of the test.
    """
    with contextlib.ExitStack() as stack:

        def open_endpoint(target: Any, **settings: Any) -> Endpoint:
            from labkit.testing.endpoint import sse_endpoint

            return stack.enter_context(sse_endpoint(target, **settings))

        yield open_endpoint
