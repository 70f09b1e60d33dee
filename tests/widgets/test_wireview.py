from __future__ import annotations

import pytest

from labkit.errors import LabError
from labkit.widgets import WireView

RAW = "id: 1\ndata: €\n\nfoo\ndata: lost".encode()


def test_each_byte_belongs_to_one_line() -> None:
    view = WireView(RAW)
    assert [line["role"] for line in view.lines] == ["id", "data", "blank", "ignored", "unfinished"]
    assert [cell for line in view.lines for cell in line["cells"]][6:16] == [
        "d",
        "a",
        "t",
        "a",
        ":",
        "·",
        "E2",
        "82",
        "AC",
        "\\n",
    ]


def test_at_every_moment_it_knows_what_is_held_and_what_came_out() -> None:
    view = WireView(RAW)
    assert view.arrived == 0  # the learner lets them arrive
    assert len(view.moments) == len(RAW) + 1
    before, after = view.moments[len(b"id: 1\ndata: ") + 4], view.moments[len(b"id: 1\ndata: ") + 5]
    assert (before["data"], before["id"], before["out"]) == ("€\n", "1", [])
    assert after["data"] == "" and after["out"][0] == {
        "kind": "event",
        "text": "message: '€'",
        "more": "last event ID 1",
    }
    assert view.moments[8]["unfinished"] == "da"
    assert view.moments[-1]["out"][-1]["more"] == "'foo' is no field of the standard"


def test_its_text_is_stable_and_readable() -> None:
    assert (
        repr(WireView(b"data: a\n\n"))
        == "WireView:\n  data:·a\\n                    data\n  \\n                           blank"
    )
    assert WireView(b"data: a\n\n")._repr_mimebundle_()[0]["text/plain"].startswith("WireView:")


def test_too_much_is_refused_with_advice() -> None:
    with pytest.raises(LabError, match=r"up to 1000 bytes, and these are 1001. Show a part"):
        WireView(b"x" * 1001)
    assert WireView(b"").moments[0]["out"] == []
