"""A class board on a real socket, and people who come to it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from labkit.board import ClassBoard, desk
from labkit.board.moments import public_number

QUESTION = {"question": "How many?", "choices": ["1", "2"], "unit": ""}
_numbers = itertools.count(1)


class Person:
    """Somebody who talks to the board: a learner with a secret, or the instructor."""

    def __init__(self, board: ClassBoard, secret: str) -> None:
        self.board, self.secret = board, secret
        self.id = public_number(secret)
        self.http = httpx.Client(base_url=board.url, trust_env=False, headers={"Authorization": f"Bearer {secret}"})

    def join(self, name: str = "", code: str | None = None, **more: Any) -> httpx.Response:
        body = {"code": self.board.folder.code if code is None else code, "name": name, "who": self.secret}
        return self.http.post("join", json={**body, **more})

    def say(self, kind: str, id: str = "", **facts: Any) -> httpx.Response:
        return self.http.post("moments", json={"messages": [{"kind": kind, "id": id or f"p{next(_numbers)}", **facts}]})

    def command(self, kind: str, **facts: Any) -> httpx.Response:
        return self.http.post("commands", json={"kind": kind, "id": f"p{next(_numbers)}", **facts})

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("state", headers={"Labkit-Code": self.board.folder.code}).json()
        return found


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PRESENCE_S", 0.05)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[ClassBoard]:
    with ClassBoard(
        tmp_path / "class", lessons=["04 what happens when it breaks"], name=f"board {tmp_path.name}"
    ) as board:
        yield board


@pytest.fixture
def person(board: ClassBoard) -> Iterator[Callable[[str], Person]]:
    """A learner of this board, by name."""
    people: list[Person] = []

    def come(name: str) -> Person:
        people.append(Person(board, f"secret-of-{name:_>10.10}"))
        assert people[-1].join(name).status_code == 200
        return people[-1]

    yield come
    for one in people:
        one.http.close()


@pytest.fixture
def instructor(board: ClassBoard) -> Iterator[Person]:
    person = Person(board, board.folder.secret)
    yield person
    person.http.close()
