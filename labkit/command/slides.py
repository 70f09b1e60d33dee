"""`labkit slides 05`: a lesson for the projector, as slides in one file, or live in JupyterLab in large type."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

from labkit.command import jupyter
from labkit.command.lessons import Place, copy_lessons, find_lesson

TEMPLATE = Path(__file__).parent / "slides_template"
WIDGET = "application/vnd.jupyter.widget-view+json"
#: So many words may stand above code on the same slide.
WORDS_ABOVE_CODE = 45
FONTS = {"content-font-size1": "20px", "code-font-size": "18px", "ui-font-size1": "15px"}


def write_slides(place: Place, lesson_query: str, out: Path, dark: bool = False) -> Path:
    """Writes a lesson with its stored outputs as slides: one HTML file that needs no network. Returns its path.

    A heading begins a slide to the right, and what follows goes down. A guess and what it is compared with are never
    on one slide.

    Raises:
        LabError: there is no such lesson.
        OSError: the file cannot be written.
    """
    from nbconvert.exporters.slides import SlidesExporter

    lesson = find_lesson(place, lesson_query)
    path = out / f"{Path(lesson).stem}.slides.html" if out.is_dir() or not out.suffix else out
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(place.originals / lesson, as_version=4)  # type: ignore[no-untyped-call]
    arrange(notebook["cells"])
    exporter: Any = SlidesExporter(  # type: ignore[no-untyped-call]
        template_name=TEMPLATE.name, extra_template_basedirs=[str(TEMPLATE.parent)]
    )
    exporter.theme = "dark" if dark else "light"
    exporter.embed_images = True
    files = {"reveal_js": "vendor/reveal-6.0.2.js", "reveal_css": "vendor/reveal-6.0.2.css", "look_css": "look.css"}
    own = {name: (TEMPLATE / file).read_text("utf-8") for name, file in files.items()}
    folders = {"metadata": {"name": Path(lesson).stem, "path": str(place.originals)}, "labkit": own}
    text, _ = exporter.from_notebook_node(notebook, folders)
    path.write_text(_without_foreign_files(text), "utf-8")
    return path


def arrange(cells: list[Any]) -> None:
    """Gives each cell its place among the slides, and takes out what lives only in a kernel."""
    above: Any = None
    for cell in cells:
        source = cell["source"]
        heading = cell["cell_type"] == "markdown" and source.startswith(("# ", "## "))
        joins = (
            cell["cell_type"] == "code"
            and above is not None
            and above["cell_type"] == "markdown"
            and len(above["source"].split()) <= WORDS_ABOVE_CODE
        )
        cell["metadata"]["slideshow"] = {"slide_type": "slide" if heading else "-" if joins else "subslide"}
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(WIDGET, None)
        above = cell


def _without_foreign_files(page: str) -> str:
    """The page without the style sheets that the template would fetch."""
    lines = page.splitlines(keepends=True)
    return "".join(
        line for line in lines if not ("<link" in line and 'rel="stylesheet"' in line and "unpkg.com" in line)
    )


def run_live(place: Place, lesson_query: str, port: int | None, browser: bool, say: Callable[[str], object]) -> int:
    """Opens the learner's copy of a lesson in JupyterLab, alone on the screen and in large type. Returns the exit code.

    Raises:
        LabError: there is no such lesson.
    """
    lesson = find_lesson(place, lesson_query)
    copy_lessons(place)
    say(f"Opening {place.work.name}/{lesson} in large type; Shift+Enter runs a cell. Ctrl-C stops it.")
    with _large_type() as settings:
        command = jupyter.command(place, lesson, browser=browser, port=port)
        alone = f"--LabApp.default_url=/doc/tree/{place.work.name}/{lesson}"
        return jupyter.run_jupyter([*command, alone], {**jupyter.environment(), "JUPYTERLAB_SETTINGS_DIR": settings})


@contextmanager
def _large_type() -> Iterator[str]:
    """A folder with JupyterLab's settings for a projector: the speaker's own stay as they are."""
    with tempfile.TemporaryDirectory(prefix="labkit-slides-") as folder:
        place = Path(folder) / "@jupyterlab" / "apputils-extension"
        place.mkdir(parents=True)
        (place / "themes.jupyterlab-settings").write_text(json.dumps({"overrides": FONTS}), "utf-8")
        yield folder
