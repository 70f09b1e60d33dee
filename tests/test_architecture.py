"""Who may import whom, how large a room may be, and what its names are. The layers are in CONTRIBUTING.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import labkit

ROOT = Path(labkit.__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py") if "notebooks" not in path.parts)

# Each room may import from the braces before its own.
BRACES = [
    {"errors", "clock"},
    {"system"},
    {"wire"},
    {"capacity", "dialects", "faults", "log", "recording"},
    {"server", "client", "proxy"},
    {"asgi", "bench_servers", "nodes", "pages"},
    {"apps", "bench", "cluster", "llm", "doctor"},
    {"lab", "testing"},
    {"capstone", "plots", "widgets", "check"},
    {"board"},
    {"command"},
]


@cache
def tree(path: Path) -> ast.Module:
    """The module's syntax, read once for all tests: there are some five hundred modules."""
    return ast.parse(path.read_text("utf-8"))


def room(parts: list[str]) -> str:
    return parts[1] if len(parts) > 1 else "errors"  # labkit itself: only its version


def level(name: str) -> int:
    return next(number for number, brace in enumerate(BRACES) if name in brace)


def imports(path: Path) -> Iterator[list[str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            yield (node.module or "").split(".")


def own_room(path: Path) -> str:
    parts = ["labkit", *path.relative_to(ROOT).with_suffix("").parts]
    return room([part for part in parts if part != "__init__"])


modules = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


@modules
def test_rooms_import_only_from_the_rooms_below(path: Path) -> None:
    mine = own_room(path)
    for parts in imports(path):
        if parts[0] == "labkit":
            other = room(parts)
            assert other == mine or level(other) < level(mine), f"{mine} imports {other}"


@modules
def test_rooms_are_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 300
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 40, f"{node.name} has {lines} lines"


#: The same part of several faces: each program has a main, each page its routes, each dialect its error.
PARTS_OF_A_FACE = {"error", "main", "routes"}


def test_no_two_public_classes_or_functions_share_a_name() -> None:
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith(
                "_"
            ):
                homes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    shared = {name: paths for name, paths in homes.items() if len(paths) > 1 and name not in PARTS_OF_A_FACE}
    assert shared == {}


def test_every_module_class_and_function_says_what_you_get() -> None:
    bare = []
    for path in MODULES:
        module = tree(path)
        for node in (module, *module.body):
            name = getattr(node, "name", "the module")
            documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            if isinstance(node, documented) and not name.startswith("_") and not ast.get_docstring(node):
                bare.append(f"{path.relative_to(ROOT)}: {name}")
    assert bare == []


def test_the_wire_uses_the_standard_library_alone() -> None:
    for path in (ROOT / "wire").glob("*.py"):
        for parts in imports(path):
            assert parts[0] in sys.stdlib_module_names or parts[:2] in (["labkit", "wire"], ["labkit", "errors"]), parts


def test_a_measured_server_loads_no_more_than_it_serves_with() -> None:
    code = "import sys, labkit.bench_servers.origin_program, labkit.bench_servers.threaded_program; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"numpy", "matplotlib", "labkit.lab", "labkit.proxy", "labkit.recording"}


@pytest.mark.parametrize(
    "statement", ["import labkit", "import labkit.wire", "import labkit.command.cli", "import labkit.check"]
)
def test_importing_costs_nothing(statement: str) -> None:
    heavy = "{'tornado', 'httpx', 'matplotlib', 'IPython', 'numpy', 'ipywidgets', 'asyncio'}"
    code = f"import sys; {statement}; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
