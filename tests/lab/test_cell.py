from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

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
    silent, failed, shown, waited = outputs(
        "from labkit.lab.cell import short_errors, takes; short_errors()",
        "1 / 0",
        "import IPython.display as d, labkit.lab.cell as c\nseen = []\nd.display = lambda bar, raw: seen.append(bar)\n"
        "with takes(9): pass\nseen[0]['text/plain'], '9s linear' in seen[0]['text/html']",
        bar,
    )
    assert silent == []
    assert len(failed[0]["traceback"]) == 1 and "line 1" not in failed[0]["traceback"][0]
    assert shown[0]["data"]["text/plain"] == "('about 9 s ...', True)"
    assert [output["output_type"] for output in waited] == ["error"]  # the bar is gone, the error is not
