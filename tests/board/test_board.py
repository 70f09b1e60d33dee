"""The board over real sockets: who is let in, what each may do, and what goes down the streams."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from labkit.board import ClassBoard, desk
from labkit.board.folder import ClassFolder
from labkit.errors import LabError
from labkit.wire import Decoder, Event

from ..helpers import eventually
from .conftest import QUESTION, Person

pytestmark = pytest.mark.live
Come = Callable[[str], Person]


@contextlib.contextmanager
def stream(person: Person, path: str, **options: Any) -> Iterator[Iterator[Event]]:
    with person.http.stream("GET", path, **options) as response:
        assert response.status_code == 200, response.read()
        decoder = Decoder()
        chunks = response.iter_raw()
        next(chunks)  # the opening comment: from here on nothing is missed
        yield (event for chunk in chunks for event in decoder.feed(chunk) if isinstance(event, Event))


def test_a_class_votes_and_the_stream_shows_it_when_the_cover_is_lifted(
    board: ClassBoard, person: Come, instructor: Person
) -> None:
    fox, heron = person("fox"), person("heron")
    with stream(instructor, "events", params={"code": board.folder.code}) as events:
        fox.say("guess", **QUESTION, guess="1", lesson="04")
        heron.say("guess", **QUESTION, guess="2", lesson="04")
        seen = []
        while len(seen) < 2:
            event = next(events)
            seen += [json.loads(event.data)] if event.type == "question" else []
        assert [one["voted"] for one in seen] == [1, 2] and not any("votes" in one for one in seen)
        assert instructor.command("lift", key=seen[0]["id"], lifted=True).json() == {"done": True}
        lifted = json.loads(next(event.data for event in events if event.type == "question"))
    assert lifted["votes"] == {"1": 1, "2": 1}
    people = {one["name"]: one["lesson"] for one in fox.state()["learner"]}
    assert people == {"fox": "04", "heron": "04"}


def test_a_page_that_was_away_resumes_and_one_that_comes_late_has_all_of_it(board: ClassBoard, person: Come) -> None:
    fox = person("fox")
    before = fox.state()
    fox.say("guess", **QUESTION, guess="1")
    away = {"code": board.folder.code, "lastEventId": before["last_event_id"]}
    with stream(fox, "events", params=away) as events:
        types = {next(events).type, next(events).type}
    assert types == {"learner", "question"}
    assert fox.state()["question"][0]["voted"] == 1 and before.get("question") is None


def test_a_banner_goes_to_each_notebook_and_hands_come_back(
    board: ClassBoard, person: Come, instructor: Person
) -> None:
    fox = person("fox")
    with stream(fox, "notices") as events:
        eventually(lambda: fox.state()["learner"][0]["here"], "the board sees the stream")
        instructor.command("notice", text="who has 503?")
        notice = json.loads(next(events).data)
    assert notice["text"] == "who has 503?"
    fox.say("hand", notice=notice["id"])
    assert fox.state()["notice"][0]["hands"] == ["fox"]
    assert fox.join("fox").json()["notice"]["text"] == "who has 503?"  # who comes later hears it too


def test_without_the_code_nobody_reads_and_nobody_joins(board: ClassBoard) -> None:
    nobody = Person(board, "x" * 20)
    assert nobody.join("fox", code="").status_code == 401
    assert nobody.http.get("state").status_code == nobody.http.get("events").status_code == 401
    assert nobody.http.get("notices").status_code == nobody.say("leave").status_code == 401
    assert board.desk.state.learners == {} and board.folder.code not in nobody.http.get("").text
    assert board.folder.secret not in json.dumps(
        nobody.http.get("state", headers={"Labkit-Code": board.folder.code}).json()
    )


def test_codes_cannot_be_tried_one_after_the_other(board: ClassBoard, person: Come, instructor: Person) -> None:
    fox, thief = person("fox"), Person(board, "x" * 20)
    answers = [thief.join("thief", code=f"CCCC{number:02}").status_code for number in range(desk.WRONG_BURST + 3)]
    assert answers == [401] * desk.WRONG_BURST + [429] * 3
    refused = thief.join("thief")  # the right one now: it is not told from a wrong one
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) >= 1
    assert thief.command("notice", text="x").status_code == 429
    assert instructor.command("notice", text="x").status_code == 200  # who knows the secret is not locked out
    assert fox.say("guess", **QUESTION, guess="1").json() == {"kept": 1}  # who is in stays in, behind the same address


def test_a_learner_is_no_instructor(board: ClassBoard, person: Come) -> None:
    fox = person("fox")
    assert fox.command("notice", text="go home").status_code == 401
    assert fox.say("notice", text="go home").status_code == 400
    with_code = Person(board, board.folder.code)
    assert with_code.command("lift", key="x", lifted=True).status_code == 401
    assert board.desk.state.notice.text == ""


def test_a_learner_cannot_speak_for_another(board: ClassBoard, person: Come) -> None:
    fox, heron = person("fox"), person("heron")
    public = {one["name"]: one["id"] for one in heron.state()["learner"]}
    forged = Person(board, public["fox"])  # what everybody may see lets nobody in
    assert forged.say("leave").status_code == 401
    assert heron.say("guess", **QUESTION, guess="1", who=public["fox"]).json() == {"kept": 1}
    assert next(iter(board.desk.state.questions.values())).votes == {heron.id: "1"}
    assert fox.id == public["fox"]


def test_a_page_of_another_site_may_not_ask(board: ClassBoard, person: Come, instructor: Person) -> None:
    fox = person("fox")
    for origin in ("http://evil.example", "null", "http://localhost.evil.example"):
        fox.http.headers["Origin"] = instructor.http.headers["Origin"] = origin
        answers = fox.join("x"), fox.say("leave"), instructor.command("notice", text="x")
        assert [answer.status_code for answer in answers] == [403] * 3
    assert "Access-Control-Allow-Origin" not in instructor.http.get("events", params={"code": "x"}).headers


def test_a_form_is_no_message_and_a_foreign_host_gets_nothing(board: ClassBoard, person: Come) -> None:
    fox = person("fox")
    body = json.dumps({"messages": [{"kind": "leave", "id": "1"}]})
    assert fox.http.post("moments", content=body, headers={"Content-Type": "text/plain"}).status_code == 415
    assert (
        fox.http.get("state", headers={"Host": "rebound.example", "Labkit-Code": board.folder.code}).status_code == 403
    )


def test_what_is_no_json_is_refused(person: Come) -> None:
    fox = person("fox")
    for body in (b"", b"[]", b"{", b'{"messages": 1}', b'{"messages": []}', b"[" * 100_000, b'{"messages": [{}]}'):
        answer = fox.http.post("moments", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400 and answer.json()["error"], body


def test_a_flood_of_one_learner_drowns_nobody(board: ClassBoard, person: Come) -> None:
    flood, heron = person("flood"), person("heron")
    taken = 0
    for number in range(6):
        messages = [{"kind": "guess", "id": f"f{number}-{n}", **QUESTION, "guess": "1"} for n in range(50)]
        answer = flood.http.post("moments", json={"messages": messages})
        taken += answer.json().get("kept", 0)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 1
    assert flood.say("leave").status_code == 429  # who goes on waits longer
    assert taken <= desk.LEARNER_BURST
    assert heron.say("guess", **QUESTION, guess="2").json() == {"kept": 1}
    assert heron.http.post("moments", json={"messages": messages * 2}).status_code == 400  # more than a request holds


def test_a_message_counts_once_and_a_name_is_nobody_elses(board: ClassBoard, person: Come) -> None:
    fox = person("fox")
    assert [fox.say("guess", "m1", **QUESTION, guess="1").json()["kept"] for _ in range(3)] == [1, 0, 0]
    assert person("fox").join("fox").json()["name"] == "fox"  # the same secret: the same learner, twice
    other = Person(board, "y" * 20)
    assert other.join("FOX").json()["name"] == "FOX 2"


def test_who_was_removed_stays_out(board: ClassBoard, person: Come, instructor: Person) -> None:
    fox = person("fox")
    with stream(fox, "notices") as events:
        instructor.command("remove", learner=fox.id)
        assert list(events) == []  # the stream ends
    assert [fox.say("leave").status_code, fox.join("fox").status_code, fox.http.get("notices").status_code] == [403] * 3
    assert fox.state()["learner"] == [{"id": fox.id, "gone": True}]


def test_the_code_leads_to_the_page(board: ClassBoard, instructor: Person) -> None:
    assert instructor.http.get(board.folder.code.lower()).headers["Location"] == f"./#{board.folder.code}"
    assert instructor.http.get("favicon.ico").status_code == 404
    page = instructor.http.get("")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"] and "http" not in page.text
    for name in ("view.js", "page.js", "page.css"):
        assert not any(word in instructor.http.get(name).text for word in ("innerHTML", "https://", "@import"))


def test_its_files_are_for_their_owner_and_the_secret_is_in_no_log(board: ClassBoard, person: Come) -> None:
    fox = person("fox")
    fox.say("guess", **QUESTION, guess="1")
    files = list(board.folder.path.iterdir())
    assert os.name == "nt" or all(
        stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in [board.folder.path, *files]
    )
    logs = b"".join(file.read_bytes() for file in files if file.name != "keys.json")
    secrets = [board.folder.secret, board.folder.code, fox.secret]
    assert b"How many?" in logs and not any(secret.encode() in logs for secret in secrets)


def test_the_same_folder_goes_on_with_the_class(tmp_path: Path) -> None:
    with ClassBoard(tmp_path, name="first") as board:
        fox = Person(board, "x" * 20)
        fox.join("fox")
        fox.say("guess", "m1", **QUESTION, guess="1")
        kept, before = board.folder.code, fox.state()
    with ClassBoard(tmp_path, name="second") as board:
        fox = Person(board, "x" * 20)
        assert board.folder.code == kept and fox.say("guess", "m1", **QUESTION, guess="1").json() == {"kept": 0}
        assert fox.state()["question"] == before["question"]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}")
    with pytest.raises(LabError, match="Take another folder"):
        ClassFolder(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="cannot be the folder of a class"):
        ClassFolder(tmp_path / "file")


def test_a_full_disk_is_told_and_the_message_can_come_again(board: ClassBoard, person: Come) -> None:
    fox = person("fox")
    board.folder.moments._database.execute("PRAGMA query_only=1")
    refused = fox.say("guess", "m1", **QUESTION, guess="1")
    board.folder.moments._database.execute("PRAGMA query_only=0")
    assert refused.status_code == 503 and "Retry-After" in refused.headers
    assert fox.say("guess", "m1", **QUESTION, guess="1").json() == {"kept": 1}


def test_what_the_views_log_refuses_is_published_later(board: ClassBoard, person: Come) -> None:
    fox = person("fox")
    board.folder.view._database.execute("PRAGMA query_only=1")
    assert fox.say("guess", **QUESTION, guess="1").status_code == 200  # it was kept
    before = board.desk.view.last_event_id
    board.folder.view._database.execute("PRAGMA query_only=0")
    eventually(lambda: board.desk.view.last_event_id != before, "it is published")


def test_httpx_sees_the_bearer_alone(board: ClassBoard) -> None:
    """A scheme that is none lets nobody in."""
    answer = httpx.post(
        board.url + "commands", json={}, headers={"Authorization": board.folder.secret}, trust_env=False
    )
    assert answer.status_code == 401
