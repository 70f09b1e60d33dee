"""Wrong ways to wait, and to judge an answer. Each is the right reconnect loop with one thing changed."""

from __future__ import annotations

from labkit.check.exercise import Symptom
from labkit.check.exercises.class_traps import traps_of
from labkit.check.exercises.listen_network import STREAM, Network
from labkit.check.exercises.listen_traps import ReconnectLoop


class _Answers(ReconnectLoop):
    """The base of those that wait wrongly, or misjudge an answer."""


class _AlwaysThreeSeconds(_Answers):
    sentence = (
        "It waits 3000 ms, whatever the server asks for. A server says `retry:` so that its clients come back sooner, "
        "or later."
    )

    def comes_back(self, network: Network) -> bool:
        network.wait(3000)
        return True


class _ForgetsRetry(_Answers):
    sentence = (
        "It waits 3000 ms again after a connection that brought no retry. What the server asked for holds for all "
        "later connections, until it asks for another time."
    )

    def remember(self) -> None:
        self.wait_ms = 3000
        super().remember()


class _ZeroIsNothing(_Answers):
    sentence = (
        "`retry: 0` was taken for no retry. It asks for no pause at all, and that is another thing than asking for "
        "nothing. (In Python 0 is as false as None.)"
    )

    def remember(self) -> None:
        before_ms = self.wait_ms
        super().remember()
        self.wait_ms = self.wait_ms or before_ms


class _RetryAfterAnEnd(_Answers):
    sentence = (
        "It takes the reconnection time from a connection that ends, but not from one that breaks. The server asked in "
        "both."
    )

    def remember(self) -> None:
        before_ms = self.wait_ms
        super().remember()
        self.wait_ms = self.wait_ms if self.ended else before_ms


class _RetryAfterAnEndAndNotZero(_Answers):
    sentence = (
        "It takes the reconnection time from a connection that ends, but not from one that breaks, and it takes 0 for "
        "no time. The server asked in all of these cases."
    )

    def remember(self) -> None:
        before_ms = self.wait_ms
        super().remember()
        self.wait_ms = (self.wait_ms if self.ended else before_ms) or before_ms


class _ForgetsRetryAndZero(_Answers):
    sentence = (
        "It forgets the reconnection time with its connection, and it takes 0 for no time. What the server asked for "
        "holds until it asks for another time."
    )

    def remember(self) -> None:
        super().remember()
        self.wait_ms = self.decoder.reconnection_ms or 3000


class _NoWaitForNone(_Answers):
    sentence = (
        "It waits for the time that the server asked for, and when the server asked for none, it waits for None. Until "
        "a server asks, a client waits 3000 ms."
    )

    def remember(self) -> None:
        super().remember()
        self.asked_ms = self.decoder.reconnection_ms

    def comes_back(self, network: Network) -> bool:
        network.wait(self.asked_ms)  # type: ignore[arg-type]
        return True


class _AlwaysASecond(_Answers):
    sentence = (
        "It waits one second, whatever the server asks for. A client waits 3000 ms until the stream says `retry:`, and "
        "then as long as that says."
    )

    def comes_back(self, network: Network) -> bool:
        network.wait(1000)
        return True


class _Seconds(_Answers):
    sentence = (
        "It waits a thousandth of the time. `network.wait` takes milliseconds, as `retry:` does: this client comes "
        "back a thousand times too early."
    )

    def comes_back(self, network: Network) -> bool:
        network.wait(self.wait_ms / 1000)
        return True


class _AlwaysThree(_Seconds):
    def comes_back(self, network: Network) -> bool:
        network.wait(3)
        return True


class _AnyStatus(_Answers):
    sentence = (
        "It stops at 204 only. Only status 200 with text/event-stream opens a stream: a client takes an error, or a "
        "web page, for final too."
    )

    def opens(self, status: int, content_type: str) -> bool:
        return status != 204


class _AnyType(_Answers):
    sentence = (
        "It did not stop at a web page. The status was 200, but the content type was another: that answer is final "
        "too. A page that asks you to log in looks like this."
    )

    def opens(self, status: int, content_type: str) -> bool:
        return status == 200


class _OnlyTheType(_Answers):
    sentence = "It did not stop at an error such as 404 or 500. A client takes every status but 200 for final."

    def opens(self, status: int, content_type: str) -> bool:
        return status not in (204, 200) or content_type.split(";")[0] == STREAM


class _PagesAreOutages(_AnyType):
    def opens(self, status: int, content_type: str) -> bool:
        if status == 200 and content_type.split(";")[0] != STREAM:
            raise ConnectionError
        return ReconnectLoop.opens(self, status, content_type)


class _ExactType(_Answers):
    sentence = (
        "It refused `text/event-stream; charset=utf-8`. What follows the semicolon is a parameter, and many servers "
        "send one: a client compares what stands before it."
    )

    def opens(self, status: int, content_type: str) -> bool:
        return status == 200 and content_type == STREAM


class _EachTextOnce(_Answers):
    sentence = (
        "Two events with the same data were taken for one. They are two events: with the last event ID nothing comes "
        "twice, so nothing has to be thrown away."
    )

    def listen(self, network: Network) -> list[str]:
        return list(dict.fromkeys(super().listen(network)))


ANSWER_TRAPS = traps_of(_Answers.__subclasses__(), "listen", {_Seconds: (_AlwaysThree,), _AnyType: (_PagesAreOutages,)})

SYMPTOMS = (
    Symptom(
        "nothing came",
        lambda texts, expected: texts == [],
        "The result is empty, although events came. Each connection brings some of them, and the last one brings none: "
        "the data of all connections belongs in one list.",
    ),
    Symptom(
        "another order",
        lambda texts, expected: sorted(texts) == sorted(expected),
        "The texts are right, but they stand in another order. They come out as they came. (A set has no "
        "order at all.)",
    ),
)
