"""The event stream format: reads and writes it, without I/O, clock or randomness.

Source: WHATWG HTML 9.2, https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from labkit.wire.decoder import Decoder
from labkit.wire.encoder import encode
from labkit.wire.explain import Step, explain, signals
from labkit.wire.values import Comment, Event, Frame, Ignored, Retry, Signal

__all__ = [
    "Comment", "Decoder", "Event", "Frame", "Ignored", "Retry", "Signal", "Step", "encode", "explain", "signals",
]  # fmt: skip
