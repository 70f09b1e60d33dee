"""What each lesson asks for, read from its notebook: exercises, guesses, and claims to settle."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass

from labkit.command.lessons import Place
from labkit.errors import NOT_JSON

_CLAIM_TAG = re.compile(r"claim-(C\d\d)")


@dataclass(frozen=True, slots=True)
class LessonContent:
    """What a lesson asks for, in order: the names of its exercises, the questions of its guesses, and its claims."""

    file: str
    title: str
    exercises: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


def read_course(place: Place) -> list[LessonContent]:
    """What the lessons ask for, one after the other. A lesson that cannot be read asks for nothing."""
    return [_content(lesson, (place.originals / lesson).read_bytes()) for lesson in place.lessons]


def _content(lesson: str, notebook: bytes) -> LessonContent:
    number, _, words = lesson.removesuffix(".ipynb").replace("_", " ").partition(" ")
    title = f"{number} {words[:1].upper()}{words[1:]}"
    try:
        cells = json.loads(notebook)["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        tags = [tag for cell in cells for tag in cell.get("metadata", {}).get("tags", ())]
    except (*NOT_JSON, KeyError, TypeError, AttributeError):
        return LessonContent(lesson, title)
    calls = [call for text in texts for call in _calls(text)]
    return LessonContent(
        lesson,
        title,
        tuple(dict.fromkeys(first for name, first in calls if name == "check")),
        tuple(dict.fromkeys(first for name, first in calls if name == "predict")),
        tuple(dict.fromkeys(found[1] for tag in tags if (found := _CLAIM_TAG.fullmatch(tag)))),
    )


def _calls(code: str) -> list[tuple[str, str]]:
    """The functions that are called by name with a text in the first place, and that text."""
    try:
        tree = compile(code, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError):  # a cell of magic, or one that fails on purpose
        return []
    return [
        (node.func.id, node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    ]
