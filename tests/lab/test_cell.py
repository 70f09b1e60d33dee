from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from labkit.lab.advice import advice
from labkit.lab.cell import short_errors, takes


def outputs(*sources: str) -> list[list[dict[str, Any]]]:
    """The outputs of such cells, run one after the other in one kernel."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(book, allow_errors=True, kernel_name="python3").execute()
    return [cell.outputs for cell in book.cells]


def test_outside_a_notebook_nothing_happens(capsys: pytest.CaptureFixture[str]) -> None:
    short_errors()
    with takes(3):
        pass
    assert capsys.readouterr() == ("", "")


def test_an_error_is_one_line_and_a_bar_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "")  # the kernel is a real one: it takes two seconds
    bar = "from IPython.display import display; from labkit.lab.cell import takes\nwith takes(9): 1 / 0"
    silent, failed, shown, waited, unnamed, refused, stopped = outputs(
        "from labkit.lab.cell import short_errors, takes; short_errors()",
        "1 / 0",
        "import IPython.display as d, labkit.lab.cell as c\nseen = []\nd.display = lambda bar, raw: seen.append(bar)\n"
        "with takes(9): pass\nseen[0]['text/plain'], '9s linear' in seen[0]['text/html']",
        bar,
        "channel.publish('x')",
        "from labkit.lab.record import curl\nawait curl('http://127.0.0.1:1/')",
        "import asyncio\nraise asyncio.CancelledError",
    )
    assert silent == []
    assert len(failed[0]["traceback"]) == 1 and "line 1" not in failed[0]["traceback"][0]
    assert shown[0]["data"]["text/plain"] == "('about 9 s ...', True)"
    assert [output["output_type"] for output in waited] == ["error"]  # the bar is gone, the error is not
    # Not the cell's fault: one line of error, and one that says what to do.
    for seen, error, hint in (
        (unnamed, "NameError: name 'channel' is not defined", "Run All Above Selected Cell"),
        (refused, "curl could not connect to http://127.0.0.1:1/", "Run the cell that launches it again"),
        (stopped, "CancelledError", "Run it again"),
    ):
        problem, below = seen
        assert len(problem["traceback"]) == 1 and error in f"{problem['ename']}: {problem['evalue']}"
        assert hint in below["text"]


def test_an_error_in_a_function_of_ones_own_gets_no_advice_about_other_cells() -> None:
    with pytest.raises(UnboundLocalError) as caught:
        exec("def f():\n    total += 1\nf()", {})
    assert advice(caught.value) == ""
