from __future__ import annotations

from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest

from labkit.plots import (
    anatomy,
    break_even_curve,
    byte_bars,
    bytes_by_rate,
    cost_and_latency,
    cuts,
    decisions,
    ecdf,
    heat,
    lag_curve,
    lanes,
    matrix,
    memory_held,
    one_page,
    staircase,
    states,
    style,
    talk_lanes,
    token_lanes,
    word_rows,
)  # fmt: skip
from labkit.recording import Lags, Repeated
from labkit.wire import explain
from labkit.wire.reconnecting import TABLE


@pytest.fixture(autouse=True)
def headless() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


def words(axes: object) -> str:
    return " | ".join(text.get_text() for text in axes.texts)  # type: ignore[attr-defined]


def test_anatomy_has_a_row_for_each_line_and_says_what_comes_out() -> None:
    axes = anatomy(explain(b"id: 7\ndata: a\n\n: hi\ndata: lost"), "finding")
    shown = words(axes)
    assert axes.get_title(loc="left") == "finding"
    assert "→ message: a  (last event ID 7)" in shown
    assert "(the end of the stream)" not in shown
    assert len(axes.patches) == 5
    assert "unfinished" in shown


def test_cuts_marks_each_spoiled_cut_with_a_cross_not_only_a_colour() -> None:
    axes = cuts(b"ab\n", {"one": [True, False], "two": [True, True]}, "finding")
    assert words(axes).count("✗") == 1
    assert len(axes.patches) == 4


def test_lanes_starts_at_zero_and_names_the_gap() -> None:
    axes = lanes([100.0, 101.0], [100.0, 103.0], "finding", [(101.5, 102.5)])
    assert "no connection" in words(axes)
    assert axes.get_xlim()[0] < 1 and axes.get_xlim()[1] < 10


def test_held_names_its_servers_and_the_limit() -> None:
    axes = memory_held({"a": [(0, 0), (2048, 1024)], "b": [(0, 0), (2048, 0)]}, 65_536, "finding")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b", "the limit, 64 KiB"]


def test_the_style_leaves_no_trace() -> None:
    before = dict(matplotlib.rcParams)
    with style():
        assert matplotlib.rcParams["axes.titleweight"] == "bold"
    assert dict(matplotlib.rcParams) == before
    plt.ion()
    with style():
        pass
    assert matplotlib.is_interactive()
    plt.ioff()


def test_every_figure_of_a_notebook_is_shown() -> None:
    """The first figure loads the inline backend inside the style; the later ones must still appear."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    draw = "from labkit.plots import memory_held\naxes = memory_held({'a': [(0, 0)]}, 1024, 'finding')"
    book = new_notebook(cells=[new_code_cell(draw), new_code_cell(draw)])
    NotebookClient(book, kernel_name="python3").execute()
    assert ["image/png" in cell.outputs[-1].data for cell in book.cells] == [True, True]


def test_states_names_every_event_but_the_messages() -> None:
    told = [("start", 0, 0.0), ("open", 1, 20.0), ("message", 1, 30.0), ("error", 0, 90.0), ("error", 2, 200.0)]
    axes = states(told, "finding")
    assert words(axes) == "open | error | error"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0 connecting", "1 open", "2 closed"]
    heights = axes.lines[0].get_ydata()
    assert [float(height) for height in heights] == [2, 1, 1, 2, 0, 0]


def test_matrix_says_yes_and_no_in_words() -> None:
    axes = matrix({"a": {"x": True, "y": False}, "b": {"x": False, "y": False}}, "finding")
    assert words(axes) == "✓ yes | ✗ no | ✗ no | ✗ no"
    assert words(matrix({"a": {"x": True, "y": "cannot"}}, "finding")) == "✓ yes | – cannot"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]


def test_a_staircase_for_each_run_says_how_late_it_is() -> None:
    sent = tuple(0.1 * n for n in range(10))
    live, lump = Lags(sent, tuple(at + 0.001 for at in sent)), Lags(sent, (1.2,) * 10)
    axes = staircase({"direct": live, "behind a proxy": lump, "more": live, "fourth": live}, "finding")
    assert len(axes) == 4
    assert axes[0].get_title(loc="left") == "direct\n10 bursts, up to 1 ms late"
    assert axes[1].get_title(loc="left") == "behind a proxy\n1 burst, up to 1.2 s late"
    assert axes[0].figure._suptitle.get_text() == "finding"  # type: ignore[union-attr]


def test_a_curve_shows_each_run_beside_the_arithmetic() -> None:
    axes = lag_curve({256: Repeated((0.3, 0.32)), 1024: Repeated((0.08,))}, 0.02, 4096, "finding")
    line = axes.get_lines()[0].get_ydata()
    assert list(line) == [320.0, 80.0]  # 4096 / 256 x 20 ms
    assert words(axes) == "310 ms | 80 ms"


def test_heat_says_each_number_and_fills_what_is_late() -> None:
    axes = heat(
        {
            "a": {"x": Repeated((0.5,)), "y": Repeated((0.001,))},
            "b": {"x": Repeated((0.1, 0.9)), "y": Repeated((0.0,))},
        },
        "finding",
    )
    assert words(axes) == "held | live | noisy | live"
    assert [patch.get_alpha() for patch in axes.patches] == [0.85, 0.08, 0.85, 0.08]


def test_tokens_that_fall_together_are_one_lump_with_their_number() -> None:
    live, lump = [0.1 * n for n in range(9)], [0.5] * 7 + [0.9]
    axes = token_lanes({"direct": live, "held": lump, "nothing": []}, "finding")
    assert axes.get_title(loc="left") == "finding" and words(axes) == "7"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["direct", "held", "nothing"]


def test_comparisons_say_their_numbers_and_leave_out_what_is_missing() -> None:
    axes = ecdf({"null": [0.1, 0.2], "SSE": [0.2, 0.3, 0.4], "gone": []}, "finding")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["null, median 0.15 ms", "SSE, median 0.3 ms"]
    axes = byte_bars({"long polling": (64, 87.0, 369.4), "SSE, compressed": (500, -196.0, 0.0)}, "finding")
    assert words(axes) == " 520 |  304"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["payload", "framing", "heads of HTTP"]
    widths = [round(patch.get_width()) for patch in axes.patches]
    assert widths == [64, 87, 369, 304, 0, 0]  # what a compressor saved shortens the payload
    axes = bytes_by_rate({"SSE": {2: 107.0, 200: 108.0}, "polling": {2: 1580.0, 200: 141.0}}, "finding")
    assert [list(line.get_ydata()) for line in axes.lines] == [[107, 108], [1580, 141]]
    assert words(break_even_curve(333, 4320, "finding")) == "  278 s"
    assert words(cost_and_latency({"SSE": (94, 0.2), "polling": (330, 44.0)}, "finding")) == "  SSE |   polling"


def test_one_page_has_every_panel_and_fits_on_paper() -> None:
    panels = [
        lambda axes: ecdf({"SSE": [0.1, 0.2]}, "first", axes=axes),
        lambda axes: byte_bars({"SSE": (64, 30.0, 0.0)}, "second", axes=axes),
        lambda axes: talk_lanes({"SSE": [(0.0, True, 100), (0.1, False, 200)]}, "third", axes=axes),
    ]
    page = one_page(panels, "finding")
    assert [axes.get_title(loc="left") for axes in page.axes] == ["first", "second", "third"]
    assert tuple(page.get_size_inches()) == (8.27, 11.69) and "300 bytes" in words(page.axes[2])


def test_word_rows_say_what_was_lost_and_what_came_twice() -> None:
    axes = word_rows(["a", "b", "c"], {"with a log": ["a", "b", "c"], "forgetful": ["a", "c", "c"]}, "finding")
    texts = [text.get_text() for text in axes.texts]
    assert texts[:7] == ["with a log", "a", "", "b", "", "c", ""]
    assert texts[7:] == ["forgetful", "a", "", "b", "lost", "c", "2 times"]


def test_decisions_show_who_tries_again() -> None:
    axes = decisions([row for row in TABLE if row.situation == "the same, another origin"], "finding")
    assert [text.get_text() for text in axes.texts] == ["↻ tries again", "↻ tries again", "✗ stops for good"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["the same, another origin"]
