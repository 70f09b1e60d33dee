from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.errors import LabError
from labkit.lab import find_browser, find_firefox, in_both_browsers, in_browser, starting
from labkit.lab.lesson_09 import Mirror, RequestList
from labkit.server import serve


def test_the_environment_names_a_browser_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", "/opt/a browser")
    assert find_browser() == "/opt/a browser"
    monkeypatch.setenv("LABKIT_BROWSER", "none")
    assert find_browser() is None


def test_the_environment_may_name_a_firefox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", "/opt/Firefox/firefox.exe")
    assert find_browser() == find_firefox() == "/opt/Firefox/firefox.exe"
    monkeypatch.setenv("LABKIT_BROWSER", "/opt/firefox/chromium")
    assert find_firefox() != "/opt/firefox/chromium"


def test_both_are_asked_one_after_the_other_and_which_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", "none")
    kept = recording("ends"), recording("ends-firefox")
    answers = asyncio.run(in_both_browsers("ends", kept[0]["script"]))
    assert [answer.value for answer in answers] == [one["value"] for one in kept]
    assert [repr(answer)[:16] for answer in answers] == ["<no Chromium her", "<no Firefox here"]
    with pytest.raises(LabError, match="no Firefox was found here, and there is no recording of 'x'"):
        asyncio.run(in_browser("x", "return 1", firefox=True))


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


@pytest.fixture
def browsers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], str]:
    """Makes a program of the shell that is taken for the browser; what is known of such programs is forgotten after."""
    for kept in (starting._unusable, starting._unsandboxed):
        monkeypatch.setattr(starting, "_unusable" if kept is starting._unusable else "_unsandboxed", type(kept)())

    def make(script: str) -> str:
        path = tmp_path / "a-browser"
        path.write_text(f"#!/bin/sh\necho $@ >> {tmp_path}/started.txt\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("LABKIT_BROWSER", str(path))
        return str(path)

    return make


def starts(tmp_path: Path) -> list[str]:
    return (tmp_path / "started.txt").read_text().splitlines()


@pytest.mark.live
@pytest.mark.skipif(os.name == "nt", reason="the browser is a script of the shell")
def test_a_browser_that_does_not_start_is_noticed_at_once_and_not_tried_again(
    browsers: Callable[[str], str], tmp_path: Path
) -> None:
    path = browsers("echo error while loading shared libraries: libnss3.so >&2; exit 127")
    kept = recording("inner-html")

    async def main() -> None:
        for _ in range(3):
            answer = await in_browser("inner-html", kept["script"], message="x")
            assert answer.value == kept["value"] and answer.recorded_on == kept["date"]
            why = f"{path} does not start (error while loading shared libraries: libnss3.so)"
            assert repr(answer) == f"<{why}: the answer of {kept['browser']}, recorded on {kept['date']}>"
        assert len(starts(tmp_path)) == 1
        with pytest.raises(LabError, match=r"libnss3.so\), and there is no recording of 'x'. Mend it, or name another"):
            await in_browser("x", "return 1")
        with pytest.raises(LabError, match=r"yours was changed\. Mend it, or name another in LABKIT_BROWSER, to run"):
            await in_browser("inner-html", "return 1")

    asyncio.run(main())


@pytest.mark.live
@pytest.mark.skipif(os.name == "nt", reason="the browser is a script of the shell")
def test_a_browser_that_hangs_is_given_up_once(
    browsers: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = browsers("exec sleep 60")
    monkeypatch.setattr(starting, "START_TIMEOUT_S", 0.3)
    kept = recording("inner-html")
    for _ in range(2):
        answer = asyncio.run(in_browser("inner-html", kept["script"]))
        assert answer.why_recorded == f"{path} asked for no page within 0.3 s"
    assert len(starts(tmp_path)) == 1


@pytest.mark.live
@pytest.mark.skipif(os.name == "nt", reason="the browser is a script of the shell")
def test_where_the_sandbox_cannot_work_it_is_left_out_and_only_there(
    browsers: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in many containers, for a user who is not root."""
    path = browsers(
        f'case "$*" in *--no-sandbox*) for url in "$@"; do :; done; exec {sys.executable} {tmp_path}/page.py "$url";; esac\n'
        "echo 'FATAL:zygote_host_impl_linux.cc(126)] No usable sandbox!' >&2; exit 133"
    )
    page = "import sys, urllib.request as r; a = sys.argv[1]; r.urlopen(a).read()\n"
    (tmp_path / "page.py").write_text(
        f'{page}r.urlopen(a + \'answer\', b\'{{"value": 7, "agent": "Chrome/1"}}\').read()\nimport time; time.sleep(60)\n'
    )
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    async def main() -> list[int]:
        return [(await in_browser("x", "return 7")).value for _ in range(2)]

    assert asyncio.run(main()) == [7, 7]
    assert [("--no-sandbox" in line) for line in starts(tmp_path)] == [False, True, True]
    assert starting._unusable == {} and starting._unsandboxed == {path}


@pytest.mark.live
@pytest.mark.skipif(os.name == "nt", reason="the browser is a script of the shell")
def test_a_browser_that_ends_before_it_answers_is_no_reason_to_wait(
    browsers: Callable[[str], str], tmp_path: Path
) -> None:
    path = browsers(
        f'for url in "$@"; do :; done; exec {sys.executable} -c "import sys, urllib.request as r; r.urlopen(sys.argv[1]).read()" "$url"'
    )
    kept = recording("inner-html")
    answer = asyncio.run(in_browser("inner-html", kept["script"], seconds=60))
    assert answer.why_recorded == f"{path} ended before it answered"
    assert starting._unusable == {}  # it may do better the next time
