"""A row for each product, and a mark for each arrival."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest

from labkit.lab.lesson_06 import is_held
from labkit.plots import arrival_rows
from labkit.plots.style import CLIENT, PROXY
from labkit.recording import Lags

SENT = tuple(0.1 * n for n in range(20))
LIVE = Lags(SENT, tuple(at + 0.001 for at in SENT))
LUMP = Lags(SENT, (2.0,) * 20)


@pytest.fixture(autouse=True)
def headless() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


def test_what_is_held_says_so_in_words_and_in_colour() -> None:
    panels = {"as it comes": {"a": LIVE, "b": LUMP}, "one line changed": {"b": LIVE}}
    first, second = arrival_rows(panels, is_held, "One of two holds events back")
    assert first.figure.get_suptitle() == "One of two holds events back"
    assert [label.get_text() for label in first.get_yticklabels()] == ["sent", "a", "b"]
    assert [text.get_text().strip() for text in first.texts] == ["live", "held, up to 2.0 s"]
    assert [text.get_text().strip() for text in second.texts] == ["nothing to change", "live"]
    colours = [matplotlib.colors.to_hex(marks.get_color()).upper() for marks in first.collections[1:]]
    assert colours == [CLIENT, PROXY]


def test_nothing_to_show_is_an_empty_figure() -> None:
    [axes] = arrival_rows({"as it comes": {}}, is_held, "None is here")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["sent"] and not axes.texts
