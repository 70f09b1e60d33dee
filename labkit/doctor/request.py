"""The request for the stream that is examined, and the sentence for one that nothing answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import httpx

from labkit.client import ResponseRecorder, watch
from labkit.errors import LabError
from labkit.recording import Recording
from labkit.recording.decompress import accept_encoding
from labkit.system.secrets import hidden, secrets_of, shown_url

JOIN_S = 0.001  # a million pieces of one byte are not kept as a million pieces

#: What else stands behind a URL that cannot be asked: a name that is none, a port that is none, a redirect to either.
_UNUSABLE = (httpx.InvalidURL, UnicodeError, OverflowError, ExceptionGroup)


class NotExamined(LabError):
    """No stream could be examined: no connection, no answer, or a body that cannot be an event stream.

    `recording` is what came all the same; None without a connection.
    """

    def __init__(self, sentence: str, recording: Recording | None = None) -> None:
        super().__init__(sentence)
        self.recording = recording


@dataclass(frozen=True)
class Request:
    """The request for the stream: the GET of a browser's EventSource, or with `content` a POST.

    Args:
        url: the URL of the stream.
        headers: headers to add or to replace.
        content: the JSON body of a POST.
        origin: the page's origin, for the Origin header; "" sends none.
        verify: False accepts any certificate.
    """

    url: str
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = None
    origin: str = ""
    verify: bool = True

    def all_headers(self, extra_headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of the request, with `extra_headers` added last."""
        defaults = {"Cache-Control": "no-cache", "Accept-Encoding": accept_encoding()}
        page = {"Origin": self.origin} if self.origin else {}
        media_type = {"Content-Type": "application/json"} if self.content is not None else {}
        return {**defaults, **page, **media_type, **(self.headers or {}), **extra_headers}

    async def ask(
        self,
        seconds: float,
        extra_headers: Mapping[str, str] = MappingProxyType({}),
        stop_when: Callable[[ResponseRecorder], bool] = lambda watching: False,
        on_answer: Callable[[httpx.Response], object] = lambda response: None,
        patience_s: float = 0.0,
    ) -> Recording:
        """A recording of the answer, watched for `seconds`.

        Args:
            seconds: how long to watch.
            extra_headers: headers of this request alone.
            stop_when: called after each piece; True ends the watching.
            on_answer: called once with the head of the answer.
            patience_s: how much longer it watches, in seconds, where not a byte of the body came.

        Raises:
            NotExamined: nothing answered, or nothing that is HTTP.
        """
        try:
            return await watch(
                self.url,
                seconds,
                stop_when=stop_when,
                on_answer=on_answer,
                method="GET" if self.content is None else "POST",
                headers=self.all_headers(extra_headers),
                content=self.content,
                verify=self.verify,
                join_s=JOIN_S,
                patience_s=patience_s,
                enough=lambda watching: watching.bytes > 0,
            )
        except (httpx.HTTPError, *_UNUSABLE) as problem:
            why = hidden(_explain_failure(problem, shown_url(self.url)), secrets_of(self.url, self.headers))
            raise NotExamined(why) from problem


def _explain_failure(problem: Exception, url: str) -> str:
    if isinstance(problem, httpx.TooManyRedirects):
        return f"{url} redirects in a circle. Look where it leads with: curl -sIL {url}"
    if isinstance(problem, httpx.ConnectError):
        return f"{url} cannot be reached: {problem}"
    if isinstance(problem, httpx.RemoteProtocolError):
        return f"{url} answered something that is not HTTP, or hung up. Is this the right port?"
    if isinstance(problem, httpx.HTTPError):
        return f"{url} gave no answer that can be read: {str(problem) or type(problem).__name__}"
    return f"{url}, or where it redirects to, is no address that can be asked. Is the name spelled right?"
