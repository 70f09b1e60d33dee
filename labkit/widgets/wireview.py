"""A widget that shows the bytes of a stream and what a decoder makes of them, byte by byte."""

from __future__ import annotations

from typing import Any

import traitlets

from labkit.errors import LabError
from labkit.widgets.assets import FIGURES, LabWidget, join_files
from labkit.wire import Comment, Event, Ignored, Signal, Step, explain

#: Every prefix of the stream is explained beforehand, so that the slider answers at once; that has its price.
MAX_BYTES = 1000


class WireView(LabWidget):
    """The bytes of a stream, coloured by the part they play. A slider and two buttons let them arrive one by one.

    At each moment it shows what the decoder holds, what it has let out, and what it ignored and why. `arrived` is the
    slider's place, in bytes; it begins at 0, and can be set.

    Raises:
        LabError: more than MAX_BYTES bytes.
    """

    _esm = join_files(FIGURES, "elements.js", "wireview.js")
    _css = join_files("labkit.css", "wireview.css")
    lines: Any = traitlets.List().tag(sync=True)
    moments: Any = traitlets.List().tag(sync=True)
    arrived: Any = traitlets.Int().tag(sync=True)

    def __init__(self, raw: bytes) -> None:
        if len(raw) > MAX_BYTES:
            raise LabError(
                f"WireView takes up to {MAX_BYTES} bytes, and these are {len(raw)}. Show a part: raw[:{MAX_BYTES}]"
            )
        self.raw = raw
        steps = [step for step in explain(raw) if step.raw]
        super().__init__(lines=[_line(step) for step in steps], moments=_moments(raw))

    def __repr__(self) -> str:
        return "\n".join(["WireView:", *(f"  {line['text']:<28} {line['role']}" for line in self.lines)])


def _line(step: Step) -> dict[str, object]:
    """One line: its bytes as cells, what part it plays, and what it did."""
    return {"start": step.start, "cells": [_cell(byte) for byte in step.raw], "role": step.role, "did": step.action,
            "text": "".join(_cell(byte) for byte in step.raw)}  # fmt: skip


def _cell(byte: int) -> str:
    names = {9: "\\t", 10: "\\n", 13: "\\r", 32: "·"}
    return names.get(byte) or (chr(byte) if 32 < byte < 127 else f"{byte:02X}")


def _moments(raw: bytes) -> list[dict[str, object]]:
    """What is held and what came out after the first 0, 1, 2, ... bytes."""
    moments: list[dict[str, object]] = []
    for count in range(len(raw) + 1):
        steps = explain(raw[:count])
        complete_steps = [step for step in steps if step.role != "unfinished"]
        last_step = complete_steps[-1] if complete_steps else None
        unfinished = raw[last_step.start + len(last_step.raw) if last_step else 0 : count]
        moments.append(
            {
                "unfinished": "".join(_cell(byte) for byte in unfinished),
                "data": last_step.data_buffer if last_step else "",
                "type": last_step.type_buffer if last_step else "",
                "id": last_step.id_buffer if last_step else "",
                "out": [_signal_row(step.signal) for step in complete_steps if step.signal is not None],
            }
        )
    return moments


def _signal_row(signal: Signal) -> dict[str, str]:
    if isinstance(signal, Event):
        id = f"last event ID {signal.last_event_id}" if signal.last_event_id else ""
        return {"kind": "event", "text": f"{signal.type}: {signal.data!r}", "more": id}
    if isinstance(signal, Comment):
        return {"kind": "comment", "text": repr(signal.text), "more": "no listener hears it"}
    if isinstance(signal, Ignored):
        return {"kind": "ignored", "text": repr(signal.line), "more": signal.why}
    return {"kind": "retry", "text": f"{signal.ms} ms", "more": "the new reconnection time"}
