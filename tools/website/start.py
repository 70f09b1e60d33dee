"""The start page, and the pages that list others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from labkit.doctor import causes
from website import lessons, reference

START = """\
---
myst:
  html_meta:
    description: "Learn, teach and debug server-sent events (SSE) by experiment: lessons, a doctor, and a library."
---
# labkit: server-sent events, by experiment

Learn, teach and debug server-sent events (SSE). You start a server, watch words type themselves, cut the connection in
mid-sentence, and see it heal. Then you look at every byte.

::::{{container}} doors

:::{{container}} door
**[My stream does not work](docs/doctor.md)**

{causes} causes, each with what you see, why it is so, and the line that mends it in nginx, Express, Django and others.
:::

:::{{container}} door
**[Learn it](lessons.md)**

{lessons} lessons with everything they printed. Read them here, or run them: predict, run, see, and be checked.
:::

:::{{container}} door
**[Is that true?](docs/claims.md)**

{claims} things that people say about SSE, each with its verdict and the experiment that settled it.
:::

:::{{container}} door
**[Build with it](api/index.md)**

Servers, clients, logs, faults and real proxies, for Python. [Test your own stream](docs/testing.md) with it.
:::

::::

![The first lesson in JupyterLab: two clients read one stream, and the connection is cut](docs/images/lesson-00.png)

## Run it

In the folder of labkit:

```console
$ pip install uv && uv run labkit
```

JupyterLab opens on the first lesson. No account, no cloud: after the installation everything works offline.

Events arrive in one lump, and nobody knows who holds them? Ask the doctor:

```console
$ uv run labkit doctor https://my.app/events
```

![Two typewriters: the direct one has typed 39 words, and behind nginx there is none yet](docs/images/typewriters.png)

"""
#: By their place in the menu: pages that are there, in order. What docs/ has besides goes to the last part.
PARTS = {
    "My stream does not work": ["docs/doctor", "products/index"],
    "Learn": ["lessons", "docs/capstone", "docs/claims", "docs/glossary"],
    "Build": ["docs/recipes/index", "docs/testing", "docs/security", "docs/measured", "api/index"],
    "Teach": ["docs/instructors", "docs/board"],
    "The house": ["docs/architecture", "docs/decisions/index", "docs/statements", "docs/sources"],
}
#: Where the title of a page is too long for the menu.
MENU_TITLES = {
    "docs/doctor": "What do you see? <docs/doctor>",
    "docs/capstone": "Capstone <docs/capstone>",
    "docs/claims": "Claims and verdicts <docs/claims>",
    "docs/glossary": "Glossary <docs/glossary>",
    "docs/security": "Security <docs/security>",
    "docs/statements": "Statements <docs/statements>",
    "docs/sources": "Sources of the doctor <docs/sources>",
    "SECURITY": "Reporting a hole <SECURITY>",
}
LAST = ["CONTRIBUTING", "SECURITY", "CHANGELOG"]
LESSONS = """\
# The lessons

Each begins with a question, and settles it by experiments that you can run, change and break. Here you read them with
all that they printed. To run them: `pip install uv && uv run labkit` in the folder of labkit.

"""


class Mends(Protocol):
    """What makes the links of a page lead to pages of the website."""

    def mended(self, page: str, text: str) -> str: ...


def pages(root: Path, documents: list[str], books: list[str], links: Mends) -> dict[str, str]:
    """The start page, the lists of lessons, decisions and recipes, and the instructors' page with its own below it."""
    readme = (root / "README.md").read_text("utf-8")
    rows = re.search(r"\n(\| \| question .+?)\n\n", readme, re.S)
    menu = [f"{number} {title} <{name}>" for name, (number, title) in lessons.titles(root, books).items()]
    made = {"lessons.md": links.mended("README.md", LESSONS + (rows[1] if rows else "")) + toctree(menu)}
    for folder, title in (("docs/decisions", "Decisions"), ("docs/recipes", "Recipes")):
        members = [name for name in documents if name.startswith(f"{folder}/")]
        own = next((name for name in members if Path(name).stem in ("README", "index")), None)
        others = [name for name in members if name != own]
        if members:
            text = (root / own).read_text("utf-8") if own else _listed(root, title, others)
            made[f"{folder}/index.md"] = links.mended(f"{folder}/index.md", text) + toctree(_below(folder, others))
    days = [name for name in documents if name.startswith("docs/instructors/")]
    text = links.mended("docs/instructors.md", (root / "docs/instructors.md").read_text("utf-8"))
    made["docs/instructors.md"] = text + toctree(_below("docs", days))
    made["index.md"] = _start(root, books) + _menu(documents, made)
    return made


def ledger(text: str, books: list[str]) -> str:
    """The ledger with a link to its lesson in each line."""
    for name in books:
        number = Path(name).name[:2]
        text = re.sub(rf"^(\| C\d\d \|.*\|) {number} \|$", rf"\1 [{number}](../{name}) |", text, flags=re.M)
    return text


def toctree(names: Iterable[str], caption: str = "") -> str:
    """A part of the menu that is not shown on the page itself."""
    lines = "\n".join(re.sub(r"\.(md|ipynb)\b", "", name) for name in names)
    return "\n\n```{toctree}\n:hidden:\n" + (f":caption: {caption}\n" if caption else "") + f"\n{lines}\n```\n"


def _start(root: Path, books: list[str]) -> str:
    claims = len(re.findall(r"^\| C\d\d \|", (root / "docs/claims.md").read_text("utf-8"), re.M))
    return START.format(causes=len(causes()), lessons=len(books), claims=claims)


def _menu(documents: list[str], made: dict[str, str]) -> str:
    there = {re.sub(r"\.md$", "", name) for name in [*documents, *made, *reference.pages(), "products/index.md"]}
    parts = {caption: [name for name in names if name in there] for caption, names in PARTS.items()}
    placed = {name for names in parts.values() for name in names}
    loose = [name for name in sorted(there) if re.fullmatch(r"docs/[^/]+", name) and name not in placed]
    parts["The house"] += [*loose, *LAST]
    return "".join(
        toctree((MENU_TITLES.get(name, name) for name in names), caption) for caption, names in parts.items()
    )


def _listed(root: Path, title: str, names: list[str]) -> str:
    lines = [f"# {title}", ""]
    for name in names:
        heading = (root / name).read_text("utf-8").partition("\n")[0].lstrip("# ")
        lines.append(f"- [{heading}]({Path(name).name})")
    return "\n".join(lines)


def _below(folder: str, names: list[str]) -> list[str]:
    return [name.removeprefix(f"{folder}/") for name in names]
