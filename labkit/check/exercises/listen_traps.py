"""Tempting ways to write the reconnect loop, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.check.exercise import Trap
from labkit.check.exercises.listen_network import STREAM, Network
from labkit.wire import Decoder, Event

ConnectionAnswer = tuple[int, str, Iterator[bytes]]


class _Client:
    """The right loop, in parts; each trap changes one of them."""

    def __init__(self) -> None:
        self.decoder = Decoder()

    def listen(self, network: Network) -> list[str]:
        texts: list[str] = []
        id, wait_ms = "", 3000
        while True:
            self.decoder = self.new_decoder(id)
            try:
                status, content_type, chunks = self.connect(network, id)
                if not self.opens(status, content_type):
                    return texts
                for chunk in chunks:
                    texts += [signal.data for signal in self.decoder.feed(chunk) if isinstance(signal, Event)]
            except ConnectionError:
                pass
            id = self.next_id(texts)
            wait_ms = self.wait_ms(wait_ms)
            if not self.comes_back(network, wait_ms):
                return texts

    def new_decoder(self, id: str) -> Decoder:
        return Decoder(last_event_id=id)

    def connect(self, network: Network, id: str) -> ConnectionAnswer:
        return network.connect(id)

    def opens(self, status: int, content_type: str) -> bool:
        return status == 200 and content_type.split(";")[0] == STREAM

    def next_id(self, texts: list[str]) -> str:
        return self.decoder.last_event_id

    def wait_ms(self, before_ms: int) -> int:
        asked_ms = self.decoder.reconnection_ms
        return before_ms if asked_ms is None else asked_ms

    def comes_back(self, network: Network, wait_ms: int) -> bool:
        network.wait(wait_ms)
        return True


class _Once(_Client):
    def comes_back(self, network: Network, wait_ms: int) -> bool:
        return False


class _Hurry(_Client):
    def comes_back(self, network: Network, wait_ms: int) -> bool:
        return True


class _ForgetsId(_Client):
    def next_id(self, texts: list[str]) -> str:
        return ""


class _CountsTexts(_Client):
    def next_id(self, texts: list[str]) -> str:
        return str(len(texts) - 1) if texts else ""


class _OneDecoder(_Client):
    def new_decoder(self, id: str) -> Decoder:
        return self.decoder


class _GivesUp(_Client):
    def connect(self, network: Network, id: str) -> ConnectionAnswer:
        try:
            return super().connect(network, id)
        except ConnectionError:
            return 0, "", iter(())


class _AlwaysThreeSeconds(_Client):
    def wait_ms(self, before_ms: int) -> int:
        return 3000


class _ForgetsRetry(_Client):
    def wait_ms(self, before_ms: int) -> int:
        return super().wait_ms(3000)


class _ZeroIsNothing(_Client):
    def wait_ms(self, before_ms: int) -> int:
        return self.decoder.reconnection_ms or before_ms


class _AnyStatus(_Client):
    def opens(self, status: int, content_type: str) -> bool:
        return status != 204


class _AnyType(_Client):
    def opens(self, status: int, content_type: str) -> bool:
        return status == 200


class _ExactType(_Client):
    def opens(self, status: int, content_type: str) -> bool:
        return status == 200 and content_type == STREAM


class _NeverStops(_Client):
    def opens(self, status: int, content_type: str) -> bool:
        return True


TRAPS = (
    Trap(
        "once",
        lambda network: _Once().listen(network),
        "It stops at the first end. A stream that ends or breaks is an outage: connect again, until the server says "
        "204.",
    ),
    Trap(
        "hurry",
        lambda network: _Hurry().listen(network),
        "It comes back at once. A server in trouble would be asked a thousand times a second: call "
        "network.wait(3000) before.",
    ),
    Trap(
        "forgets the id",
        lambda network: _ForgetsId().listen(network),
        "Events came twice. Without the last event ID the server starts from the beginning: pass it to connect.",
    ),
    Trap(
        "counts",
        lambda network: _CountsTexts().listen(network),
        "An event came twice. The id is a name that the server chose, not a number to compute: take "
        "decoder.last_event_id as it is.",
    ),
    Trap(
        "never stops",
        lambda network: _NeverStops().listen(network),
        "It asked again after a final answer. 204 says that there is no more: look at the status before you read.",
    ),
    Trap(
        "one decoder",
        lambda network: _OneDecoder().listen(network),
        "Half an event of the old connection ran into the new one. The standard discards it: make a new Decoder for "
        "each connection.",
    ),
    Trap(
        "gives up",
        lambda network: _GivesUp().listen(network),
        "It gave up when no connection could be made. That is an outage like any other: catch ConnectionError "
        "around connect too.",
    ),
    Trap(
        "always three seconds",
        lambda network: _AlwaysThreeSeconds().listen(network),
        "It always waits 3000 ms. A server says `retry:` to be asked sooner, or later: use decoder.reconnection_ms "
        "when it is not None.",
    ),
    Trap(
        "forgets retry",
        lambda network: _ForgetsRetry().listen(network),
        "The reconnection time was forgotten with its connection. It holds until another retry comes: keep it "
        "outside the loop.",
    ),
    Trap(
        "zero is nothing",
        lambda network: _ZeroIsNothing().listen(network),
        "`retry: 0` was taken for no retry, because 0 is false. Ask `is not None`.",
    ),
    Trap(
        "any status but 204",
        lambda network: _AnyStatus().listen(network),
        "It went on after an error, or took a page for a stream. Only status 200 with text/event-stream opens a "
        "stream; the rest is final.",
    ),
    Trap(
        "any type",
        lambda network: _AnyType().listen(network),
        "It read a web page as if it were a stream. The status was 200, but the content type was another: compare "
        "both.",
    ),
    Trap(
        "exact type",
        lambda network: _ExactType().listen(network),
        "It refused `text/event-stream; charset=utf-8`. What follows the semicolon is a parameter: compare what "
        "stands before it.",
    ),
)
