from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.errors import LabError
from labkit.lab import find_browser, in_browser
from labkit.lab.lesson_09 import Mirror, RequestList
from labkit.server import serve


def test_the_environment_names_a_browser_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", "/opt/a browser")
    assert find_browser() == "/opt/a browser"
    monkeypatch.setenv("LABKIT_BROWSER", "none")
    assert find_browser() is None


def recording(name: str) -> dict[str, str]:
    kept: dict[str, str] = json.loads(
        (Path(__file__).parents[2] / "labkit" / "lab" / "recorded" / f"{name}.json").read_text("utf-8")
    )
    return kept


def test_without_a_browser_the_recording_of_the_same_script_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", "none")
    kept = recording("inner-html")
    answer = asyncio.run(in_browser("inner-html", kept["script"], message="x"))
    assert answer.value == kept["value"]
    assert repr(answer) == f"<no Chromium here: the answer of {kept['browser']}, recorded on {kept['date']}>"
    with pytest.raises(LabError, match="recording is of another script: yours was changed"):
        asyncio.run(in_browser("inner-html", kept["script"] + " "))
    with pytest.raises(LabError, match="no recording of 'nobody-asked'"):
        asyncio.run(in_browser("nobody-asked", "return 1"))


@pytest.mark.browser
def test_a_real_one_answers_and_its_answer_can_be_kept(
    tool: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", tool("chromium"))
    monkeypatch.setenv("LABKIT_RECORDINGS", str(tmp_path))

    async def main() -> None:
        answer = await in_browser("sum", "await later(1); return given.a + given.text;", a=1, text="</script>é")
        assert answer.value == "1</script>é"
        assert repr(answer).startswith("<asked Chromium ") and answer.recorded_on is None

    asyncio.run(main())
    kept = json.loads((tmp_path / "sum.json").read_text("utf-8"))
    assert kept["script"].startswith("await later") and kept["value"] == "1</script>é"


@pytest.mark.browser
def test_what_goes_wrong_in_the_page_is_said(tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", tool("chromium"))
    with pytest.raises(LabError, match="the script failed in the browser: ReferenceError: nothing is not defined"):
        asyncio.run(in_browser("x", "return nothing.here;"))
    with pytest.raises(LabError, match="did not answer within 1 s"):
        asyncio.run(in_browser("x", "await later(60000);", seconds=1))


@pytest.mark.browser
def test_routes_are_served_on_the_pages_own_origin(tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", tool("chromium"))
    script = """
      const own = await (await fetch("/mirror")).text();
      await fetch(given.other, { headers: { "X-Own": "1" } });
      return [own, await (await fetch(given.heard)).json()];
    """

    async def main() -> None:
        async with serve({"/mirror": Mirror, "/heard": RequestList}) as other:
            given = {"other": other.url, "heard": other.base_url + "/heard"}
            own, heard = (await in_browser("x", script, routes={"/mirror": Mirror}, **given)).value
        assert '"origin"' not in own  # a request to one's own origin names none
        assert [noted["headers"]["x-own"] for noted in heard] == ["1"]
        assert heard[0]["headers"]["origin"].startswith("http://127.0.0.1:")
        assert heard[0]["times"] == 1

    asyncio.run(main())
