"""What nginx and HAProxy do to a stream, done by the lab's own relay: for machines without them.

Tests hold it against real ones in grouping (which events arrive together), benchmarks/proxies.py in lag.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from labkit.errors import LabError
from labkit.proxy.breaking import IdleTimeout
from labkit.proxy.changing import Gzip
from labkit.proxy.haproxy import ADVICE as HAPROXY_ADVICE
from labkit.proxy.haproxy import HAProxy
from labkit.proxy.launch import LabRelay
from labkit.proxy.model import Action, Answer, Close, Fault, Headers, Machine, Pass, Refuse, Send
from labkit.proxy.nginx import ADVICE, Nginx
from labkit.proxy.timing import HoldBytes, HoldTime

PAGE_BYTES = 4096  # nginx's proxy_buffer_size, on machines with pages of that size
TOGETHER_S = 0.0001  # what a relay reads in one go
TLS_BYTES = 16384  # nginx's ssl_buffer_size
CORK_S = 0.205  # measured on Linux: how long the kernel waits behind MSG_MORE
PASS = Pass()


@dataclass(frozen=True)
class FillBuffers(Fault):
    """Goes on in full buffers, as nginx does where it cannot see the end of the body.

    A head that came together with the first of the body takes its part of the first buffer; one that came alone none.
    """

    size: int = PAGE_BYTES

    def start(self, n: int, rng: Random) -> Machine:
        return _Filling(self.size)


class _Filling(Machine):
    def __init__(self, size: int) -> None:
        self._size = size
        self._room = size  # of the buffer that is being filled
        self._held = b""
        self._head: tuple[float, int] | None = None

    def told(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        self._head = (now_s, head_bytes)

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._head is not None and now_s - self._head[0] < TOGETHER_S:
            self._room = max(1, self._size - self._head[1])
        self._head = None
        self._held += data
        actions: list[Action] = []
        while len(self._held) >= self._room:
            actions.append(Send(self._held[: self._room]))
            self._held, self._room = self._held[self._room :], self._size
        return actions

    def end(self, now_s: float) -> list[Action]:
        out, self._held = self._held, b""
        return [*([Send(out)] if out else []), Close()]


@dataclass(frozen=True)
class HoldHead(Fault):
    """The head waits for the first byte of the body, and both go on together."""

    of_the_wire: bool = True

    def start(self, n: int, rng: Random) -> Machine:
        return _HoldingHead()


class _HoldingHead(Machine):
    def __init__(self) -> None:
        self._head: bytes | None = b""

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._head == b"":
            self._head = data
            return []
        out, self._head = (self._head or b"") + data, None
        return [Send(out)]

    def end(self, now_s: float) -> list[Action]:
        out, self._head = self._head, None
        return [*([Send(out)] if out else []), Close()]


@dataclass(frozen=True)
class Unless(Fault):
    """The fault, unless the origin's answer has this header; then `instead`. The header stops here, unless `kept`."""

    header: str
    value: str
    fault: Fault
    instead: Fault = PASS
    kept: bool = False

    @property
    def of_the_wire(self) -> bool:  # type: ignore[override]
        return self.fault.of_the_wire

    def connect(self, n: int) -> Refuse | Answer | None:
        return self.fault.connect(n)

    def head(self, headers: Headers) -> Headers:
        passed = [(name, value) for name, value in headers if self.kept or name.lower() != self.header]
        return (self.instead if self._lifted(headers) else self.fault).head(passed)

    def start(self, n: int, rng: Random) -> Machine:
        return _Choosing(self, self.fault.start(n, rng), self.instead.start(n, rng))

    def _lifted(self, headers: Headers) -> bool:
        return any(name.lower() == self.header and value.strip().lower() == self.value for name, value in headers)


class _Choosing(Machine):
    def __init__(self, rule: Unless, usual: Machine, instead: Machine) -> None:
        self._rule, self._chosen, self._instead = rule, usual, instead

    def told(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        if self._rule._lifted(headers):
            self._chosen = self._instead
        self._chosen.told(now_s, headers, head_bytes)

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        return self._chosen.feed(now_s, data)

    def end(self, now_s: float) -> list[Action]:
        return self._chosen.end(now_s)

    def release(self, now_s: float) -> list[Action]:
        return self._chosen.release(now_s)

    def next_wake(self) -> float | None:
        return self._chosen.next_wake()

    def wake(self, now_s: float) -> list[Action]:
        return self._chosen.wake(now_s)


def as_nginx(setup: Nginx) -> tuple[Fault, ...]:
    """The faults that group events as nginx 1.22 does with this setup. TLS is left out, and its buffer is not.

    Raises:
        LabError: the relay cannot do what is asked; a real nginx can.
    """
    if setup.http2 or setup.upgrade or setup.cache_s is not None or setup.more:
        raise LabError(f"the lab's relay knows no HTTP/2, no Upgrade, no cache and no further directives, and {ADVICE}")
    idle: tuple[Fault, ...] = (IdleTimeout(setup.read_timeout_s),) if setup.read_timeout_s is not None else ()
    flushing = Gzip(flush=True)
    if not setup.buffering:
        return (*idle, flushing) if setup.gzip else idle
    held: list[tuple[Fault, Fault]] = []  # what holds, and what stands in its place when the origin forbids it
    if setup.to_origin != "1.1":
        held.append((FillBuffers(setup.buffer_bytes or PAGE_BYTES), PASS))
    if setup.gzip:
        held += [(Gzip(flush=False), flushing), (HoldBytes(PAGE_BYTES), PASS)]
    if setup.tls:
        held.append((HoldBytes(TLS_BYTES), PASS))
    held.append((HoldHead(), PASS))
    # A machine is told of the headers as the origin sent them: that one removes the header does not blind the next.
    return (*idle, *(Unless("x-accel-buffering", "no", *pair, kept=setup.keep_accel) for pair in held))


def as_haproxy(setup: HAProxy) -> tuple[Fault, ...]:
    """The faults that group events as HAProxy 2.6 does on Linux.

    Raises:
        LabError: the relay cannot do what is asked; a real HAProxy can.
    """
    if setup.compression or setup.more:
        raise LabError(f"the lab's relay does not compress as HAProxy does, and {HAPROXY_ADVICE}")
    cork = () if setup.no_delay else (HoldTime(CORK_S),)
    return (IdleTimeout(setup.server_timeout_s), *cork)


class EmbeddedProxy(LabRelay):
    """The lab's relay in the place of an nginx or a HAProxy. The same face as a RunningProxy."""

    def __init__(self, origin: str, setup: Nginx | HAProxy, port: int = 0) -> None:
        place = "an nginx" if isinstance(setup, Nginx) else "a HAProxy"
        faults = as_nginx(setup) if isinstance(setup, Nginx) else as_haproxy(setup)
        super().__init__(f"the lab's relay, in the place of {place}", origin, faults, 0, port)

    @property
    def config(self) -> str:
        """The faults, one each line."""
        return "\n".join(map(repr, self.faults))

    @property
    def log(self) -> str:
        """What became of each connection."""
        return "\n".join(f"connection {passage.n}: {passage.ended or 'open'}" for passage in self.passages)

    def __repr__(self) -> str:
        return f"<{self.name} {'at ' + self.url + ' for ' + self.origin if self.running else 'has ended'}>"
