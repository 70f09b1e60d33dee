from __future__ import annotations

import pytest

from labkit.errors import EncodeError
from labkit.wire import Frame, encode


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize(("value", "why"), [("a\nb", "LF"), ("a\rb", "CR"), ("\n", "LF")])
def test_a_line_break_would_start_a_field_of_its_own(field: str, value: str, why: str) -> None:
    with pytest.raises(EncodeError, match=rf"{field}=.*{why}") as caught:
        Frame(**{field: value})  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.value) == (field, value)
    assert isinstance(caught.value, ValueError)


def test_an_id_with_nul_would_be_ignored_by_every_client() -> None:
    with pytest.raises(EncodeError, match=r"id=.*NUL"):
        Frame(id="a\0b")
    assert encode(Frame(data="a\0b")) == b"data: a\0b\n\n"


@pytest.mark.parametrize("field", ["data", "event", "id", "comment"])
def test_a_lone_surrogate_has_no_utf_8(field: str) -> None:
    with pytest.raises(EncodeError, match=rf"{field}=.*surrogate at 2"):
        Frame(**{field: "ab\ud800"})  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["data", "event", "id", "comment"])
@pytest.mark.parametrize("value", [{"a": 1}, b"bytes", 7])
def test_other_types_are_refused_with_advice(field: str, value: object) -> None:
    with pytest.raises(EncodeError, match=f"it is {type(value).__name__}, not str"):
        Frame(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-1, 1.5, True, "1000"])
def test_retry_is_a_whole_number_of_milliseconds(value: object) -> None:
    with pytest.raises(EncodeError, match="retry_ms"):
        Frame(retry_ms=value)  # type: ignore[arg-type]


def test_what_was_checked_cannot_change() -> None:
    frame = Frame(data="x", id="1")
    with pytest.raises(AttributeError):
        frame.id = "1\ndata: forged"  # type: ignore[misc]
    with pytest.raises(EncodeError):
        frame._replace(id="1\ndata: forged")
    assert frame._replace(id="2") == Frame(data="x", id="2")


def test_nothing_long_is_quoted_in_full() -> None:
    with pytest.raises(EncodeError) as caught:
        Frame(event="x" * 10_000 + "\n")
    assert len(str(caught.value)) < 200
