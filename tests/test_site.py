"""The website, as far as it can be tested without Sphinx: what it is built from, and the look at what was built."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

from labkit.doctor import causes

ROOT = Path(__file__).parent.parent


@pytest.fixture
def website(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of tools/website by its name."""
    monkeypatch.syspath_prepend(ROOT / "tools")

    def get(name: str) -> ModuleType:
        return importlib.import_module(f"website.{name}")

    return get


def test_each_cause_has_the_words_that_people_search_for(website: Any) -> None:
    pages = website("causes")
    entries = pages.searched()
    missing = sorted(causes().keys() ^ entries.keys())
    assert missing == [], "tools/website/searched.toml needs one entry for each cause of causes.toml"
    titles = [entry["title"] for entry in entries.values()]
    assert len({title.lower() for title in titles}) == len(titles)
    groups = {group["name"] for group in pages.groups()}
    assert [name for name, entry in entries.items() if entry["group"] not in groups or not entry["seen"]] == []


def test_a_causes_page_has_every_line_and_every_source(website: Any) -> None:
    made = website("causes").pages(ROOT)
    for cause in causes().values():
        page = made[f"causes/{cause.name}.md"]
        assert cause.why in page
        assert f"](../causes/{cause.name}.md)" in made["docs/doctor.md"]
        for remedy in cause.remedies:
            assert f"\n{remedy.line}\n```" in page
            assert f"]({remedy.source})" in page
    assert "# nginx buffers my event stream" in made["causes/full-buffers.md"]
    assert "proxy_buffering off;" in made["products/nginx.md"]


def test_links_lead_to_pages_of_the_website(website: Any) -> None:
    links = website("sources").Links(ROOT, {"docs/claims.md", "docs/security.md"})
    text = (
        "[a](claims.md#x) [`b`](../labkit/clock.py#L3), `[c](gone.md)` [d](decisions) [e](https://e.org) [f](#here)\n"
    )
    code = "```\n[g](gone.md)\n```\n"
    shown = (
        "[a](claims.md#x) [`b`](../source/labkit/clock.py.md), `[c](gone.md)` [d](decisions/index.md) "
        "[e](https://e.org) [f](#here)\n"
    )
    assert links.mended("docs/security.md", text + code) == shown + code
    assert links.shown == {"labkit/clock.py"}
    causes = "[a](../docs/doctor.md#full-buffers) [b](../docs/doctor.md)"
    shown = "[a](../causes/full-buffers.md) [b](../docs/doctor.md)"  # a cause has a page of its own there
    assert website("sources").Links(ROOT, {"docs/doctor.md"}).mended("notebooks/06.ipynb", causes) == shown
    with pytest.raises(SystemExit, match=r"gone\.md"):
        links.mended("docs/security.md", "[h](gone.md)")


def test_a_lesson_is_read_without_the_servers_of_that_day(website: Any, tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_markdown_cell("# What?\n\nText."),
        nbformat.v4.new_code_cell("page", metadata={"jupyter": {"source_hidden": True}}),
    ]
    link = 'Server <a href="http://127.0.0.1:38107/x" target="_blank">http://127.0.0.1:38107/x</a>'
    cells[1].outputs = [nbformat.v4.new_output("display_data", {"text/html": link})]
    book = nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    nbformat.write(book, tmp_path / "book.ipynb")
    read = json.loads(website("lessons").for_reading(tmp_path / "book.ipynb", str.upper))
    first, second = read["cells"]
    assert "".join(first["source"]).startswith("# WHAT?\n\n:::{note}\n")
    assert second["metadata"]["tags"] == ["hide-input"]
    assert "".join(second["outputs"][0]["data"]["text/html"]) == "Server <code>http://127.0.0.1:38107/x</code>"


def test_docstrings_become_what_sphinx_reads(website: Any) -> None:
    lines = ["Takes `x` and *args.", "", "    run(x_, *y)", "", "Args:", "    x_: `a`, or b|c.", "", "End."]
    assert website("reference").as_restructured(lines) == [
        "Takes ``x`` and \\*args.", "", "::", "", "    run(x_, *y)", "",
        "Args:", "    x\\_: ``a``, or b\\|c.", "", "End.",
    ]  # fmt: skip


def test_what_was_built_is_looked_at(website: Any, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="here"><a href="#here">1</a><a href="b.html#there">2</a><img src="data:,">')
    (tmp_path / "b.html").write_text('<p id="there"><a href="https://else.org/">out</a><a href="a.html?q=1">3</a>')
    assert website("links").faults_of(tmp_path) == (3, [])
    (tmp_path / "c.html").write_text(
        '<a href="b.html#gone"></a><a href="gone.html"></a><a href="http://127.0.0.1:9/"></a>'
        '<script src="https://cdn.example/x.js"></script><a href="#no"></a>'
    )
    faults = website("links").faults_of(tmp_path)[1]
    assert len(faults) == 5
    assert sum("no such place" in fault for fault in faults) == 2
    assert any("loads from elsewhere: https://cdn.example/x.js" in fault for fault in faults)
    assert any("a server that is gone" in fault for fault in faults)


def test_every_document_and_every_lesson_is_in_the_menu(website: Any, tmp_path: Path) -> None:
    website("sources").write_sources(ROOT, tmp_path / "sources")
    menu = (tmp_path / "sources/index.md").read_text("utf-8")
    lessons = (tmp_path / "sources/lessons.md").read_text("utf-8")
    assert [page.stem for page in (ROOT / "docs").glob("*.md") if f"docs/{page.stem}" not in menu] == []
    assert [
        book.stem for book in (ROOT / "notebooks").glob("*.ipynb") if f"<notebooks/{book.stem}>" not in lessons
    ] == []
    assert "](../notebooks/01_what_is_on_the_wire.ipynb) |" in (tmp_path / "sources/docs/claims.md").read_text("utf-8")
