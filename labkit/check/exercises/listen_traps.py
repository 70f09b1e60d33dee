"""Wrong ways to come back and to read. Each is the right reconnect loop with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from labkit.check.exercises.class_traps import traps_of
from labkit.check.exercises.listen_network import STREAM, Network
from labkit.wire import Decoder, Event

ConnectionAnswer = tuple[int, str, Iterator[bytes]]


class ReconnectLoop:
    """The right loop, in parts that a trap can change. `sentence` names the mistake."""

    sentence: ClassVar[str]

    def listen(self, network: Network) -> list[str]:
        self.texts: list[str] = []
        self.id, self.wait_ms = "", 3000
        self.decoder = Decoder()
        while True:
            self.begin()
            try:
                status, content_type, chunks = self.connect(network)
                if not self.opens(status, content_type):
                    return self.texts
                self.read(chunks)
                self.after_end()
            except ConnectionError:
                if not self.survives():
                    return self.texts
            self.remember()
            if not self.comes_back(network):
                return self.texts

    def begin(self) -> None:
        self.decoder = Decoder(last_event_id=self.id)

    def connect(self, network: Network) -> ConnectionAnswer:
        return network.connect(self.id)

    def opens(self, status: int, content_type: str) -> bool:
        return status == 200 and content_type.split(";")[0] == STREAM

    def read(self, chunks: Iterator[bytes]) -> None:
        for chunk in chunks:
            self.texts += [signal.data for signal in self.decoder.feed(chunk) if isinstance(signal, Event)]

    def after_end(self) -> None:
        self.ended = True

    def survives(self) -> bool:
        self.ended = False
        return True

    def remember(self) -> None:
        self.id = self.decoder.last_event_id
        asked_ms = self.decoder.reconnection_ms
        self.wait_ms = self.wait_ms if asked_ms is None else asked_ms

    def comes_back(self, network: Network) -> bool:
        network.wait(self.wait_ms)
        return True


class _Once(ReconnectLoop):
    sentence = (
        "It reads one connection and then returns. A stream that ends or breaks is an outage: a client connects again, "
        "until the server says 204."
    )

    def comes_back(self, network: Network) -> bool:
        return False


class _StopsAtABreak(ReconnectLoop):
    sentence = (
        "It comes back after a connection that ends, but it stops at one that breaks. To a client both are the same: "
        "it connects again."
    )

    def survives(self) -> bool:
        return False


class _LetsTheErrorOut(ReconnectLoop):
    sentence = (
        "A ConnectionError came out of the function. A connection that breaks is an outage: a client keeps what it "
        "has, and connects again."
    )

    def survives(self) -> bool:
        raise ConnectionError


class _Hurry(ReconnectLoop):
    sentence = (
        "It comes back without waiting. Without a pause a server in trouble is asked a thousand times a second, by "
        "each of its clients."
    )

    def comes_back(self, network: Network) -> bool:
        return True


class _HurryAfterABreak(ReconnectLoop):
    sentence = (
        "It waits after a connection that ends, but not after one that breaks. A server in trouble needs the pause all "
        "the more. (Is there a `continue` that skips the wait?)"
    )

    def comes_back(self, network: Network) -> bool:
        return super().comes_back(network) if self.ended else True


class _ForgetsTheId(ReconnectLoop):
    sentence = (
        "Events came twice. It does not say the last event ID when it comes back, so the server starts from the "
        "beginning."
    )

    def connect(self, network: Network) -> ConnectionAnswer:
        return network.connect("")


class _Counts(ReconnectLoop):
    sentence = (
        "It sends an id that it computed, and the server does not know it. An id is a name that the server chose: a "
        "client sends it back as it is."
    )

    def connect(self, network: Network) -> ConnectionAnswer:
        return network.connect(str(len(self.texts) or ""))


class _IdAfterAnEnd(ReconnectLoop):
    sentence = (
        "Events came twice after a connection that broke. It takes the last event ID from a connection that ends, but "
        "not from one that breaks."
    )

    def remember(self) -> None:
        before = self.id
        super().remember()
        self.id = self.id if self.ended else before


class _DecoderWithoutTheId(ReconnectLoop):
    sentence = (
        "Events came twice after a connection that brought none. Its decoder did not know the last event ID, so the id "
        "was empty afterwards."
    )

    def begin(self) -> None:
        self.decoder = Decoder()


class _LastConnection(ReconnectLoop):
    sentence = (
        "What came over the earlier connections is missing. The result is the data of all connections, in one list: "
        "make it before the loop begins."
    )

    def opens(self, status: int, content_type: str) -> bool:
        opens = super().opens(status, content_type)
        self.texts = [] if opens else self.texts
        return opens


class _LastConnectionWithData(_LastConnection):
    def read(self, chunks: Iterator[bytes]) -> None:
        for chunk in chunks:
            self.texts = [signal.data for signal in self.decoder.feed(chunk) if isinstance(signal, Event)] or self.texts

    def opens(self, status: int, content_type: str) -> bool:
        return ReconnectLoop.opens(self, status, content_type)


class _WholeConnections(ReconnectLoop):
    sentence = (
        "What had arrived before a break is missing. Read each chunk when it comes: the events in it are complete, "
        "whatever happens to the connection later."
    )

    def read(self, chunks: Iterator[bytes]) -> None:
        super().read(iter([b"".join(chunks)]))


class _RaisesAtTheEnd(ReconnectLoop):
    sentence = "A final answer made the function raise an error. It is the end of the stream: return what has come."

    def opens(self, status: int, content_type: str) -> bool:
        if not super().opens(status, content_type):
            raise ValueError(status)
        return True


class _NeverStops(ReconnectLoop):
    sentence = "It asked again after a final answer. 204 says that no more will come, and a client then stays away."

    def opens(self, status: int, content_type: str) -> bool:
        return True


class _OneDecoder(ReconnectLoop):
    sentence = (
        "Half an event of the old connection ran into the new one. A client discards it: each connection begins with "
        "nothing read."
    )

    def begin(self) -> None:
        pass


class _OneDecoderAndItsEvents(_OneDecoder):
    event_id = ""

    def connect(self, network: Network) -> ConnectionAnswer:
        self.event_id = self.event_id if self.texts else ""
        return network.connect(self.event_id)

    def read(self, chunks: Iterator[bytes]) -> None:
        for chunk in chunks:
            for signal in self.decoder.feed(chunk):
                if isinstance(signal, Event):
                    self.texts, self.event_id = [*self.texts, signal.data], signal.last_event_id


class _EverySignal(ReconnectLoop):
    sentence = (
        "The function raises an error when the server says `retry:`. Not every signal is an event: a Retry, for "
        "instance, has no data."
    )

    def read(self, chunks: Iterator[bytes]) -> None:
        for chunk in chunks:
            self.texts += [signal.data for signal in self.decoder.feed(chunk)]  # type: ignore[union-attr]


class _GivesUp(ReconnectLoop):
    sentence = (
        "It stopped when no connection could be made. That is an outage like any other: a client waits, and tries "
        "again."
    )

    def connect(self, network: Network) -> ConnectionAnswer:
        try:
            return super().connect(network)
        except ConnectionError:
            return 0, "", iter(())


class _ConnectLetsTheErrorOut(ReconnectLoop):
    sentence = (
        "A ConnectionError came out of the function when no connection could be made. `network.connect` raises it too: "
        "a client waits, and tries again."
    )

    def connect(self, network: Network) -> ConnectionAnswer:
        try:
            return super().connect(network)
        except ConnectionError:
            raise _Escaped from None

    def listen(self, network: Network) -> list[str]:
        try:
            return super().listen(network)
        except _Escaped:
            raise ConnectionError from None


class _Escaped(Exception):
    pass


class _HurryWithoutAConnection(ReconnectLoop):
    sentence = (
        "It does not wait after a connection that could not be made. A server that is down would be asked a thousand "
        "times a second."
    )

    def connect(self, network: Network) -> ConnectionAnswer:
        try:
            return super().connect(network)
        except ConnectionError:
            return super().connect(network)


CONNECTION_TRAPS = traps_of(
    ReconnectLoop.__subclasses__(),
    "listen",
    {
        _OneDecoder: (_OneDecoderAndItsEvents,),
        _LastConnection: (_LastConnectionWithData,),
    },
)
