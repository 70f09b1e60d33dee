"""What a text is, next to JSON: JSON, JSON that is cut, or something that only looks like it."""

from __future__ import annotations

import json
import re
from typing import NoReturn

#: Words in single quotes where a key or a value would stand, or a constant of Python where JSON writes true.
_QUOTED = re.compile(r"[{\[(,:]\s*'[^']*'\s*[:,\])}]")
_CONSTANT = re.compile(r"[:\[,(]\s*(?:True|False|None)\s*[,\])}]")
_HARD = re.compile(r"(?<![\w\"'])-?(?:NaN|Infinity)(?![\w\"'])")


def reads_as_json(text: str) -> bool:
    """Whether JSON.parse would take it. NaN and Infinity, which Python's json writes, it does not take.

    >>> reads_as_json('{"a": 1}'), reads_as_json('{"a": NaN}'), reads_as_json("{'a': 1}")
    (True, False, False)
    """
    try:
        json.loads(text, parse_constant=_refuse)
    except RecursionError:
        return True  # nobody can tell
    except ValueError:
        return False
    return True


def json_problem(text: str) -> str:
    """What Python's reader says about a text that is no JSON, such as "Expecting value at character 8"; "" if it is.

    >>> json_problem('{"a": }')
    'Expecting value at character 6'
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as problem:
        return f"{problem.msg} at character {problem.pos}"
    except (ValueError, RecursionError):
        pass
    return ""


def is_cut_json(text: str) -> bool:
    """Whether it begins as JSON does, is none, and Python would not have written it in another notation."""
    looks = text.lstrip().startswith(("{", "["))
    return looks and not reads_as_json(text) and not is_python_text(text) and not has_no_number(text)


def is_python_text(text: str) -> bool:
    """Whether it is what Python prints for a dict, a list, a tuple or bytes: single quotes, True, None.

    >>> is_python_text("{'a': None}"), is_python_text("b'abc'"), is_python_text('{"a": null}')
    (True, True, False)
    """
    text = text.strip()
    if re.fullmatch(r"""b(?:'[^']*'|"[^"]*")""", text):
        return True
    if text[:1] + text[-1:] not in ("{}", "[]", "()") or reads_as_json(text):
        return False
    return bool(_QUOTED.search(text) or (_CONSTANT.search(text) and '"' in text))


def has_no_number(text: str) -> bool:
    """Whether it is JSON but for NaN or Infinity, which Python's json.dumps writes and no browser reads."""
    if not text.lstrip().startswith(("{", "[")) or not _HARD.search(text) or reads_as_json(text):
        return False
    return reads_as_json(_HARD.sub("null", text))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
