"""A check inside a real kernel, where threads run and a cell can be interrupted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..helpers import DEADLINE_S, eventually

pytestmark = pytest.mark.live


class _Kernel:
    """A running kernel. `run` gives the text of all that a cell prints and returns, by the name of its stream."""

    def __init__(self) -> None:
        from jupyter_client.manager import start_new_kernel

        self.manager, self.client = start_new_kernel(kernel_name="python3")

    def run(self, code: str) -> dict[str, str]:
        texts: dict[str, str] = {}

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                texts[content["name"]] = texts.get(content["name"], "") + content["text"]
            elif message["msg_type"] == "execute_result":
                texts["result"] = content["data"]["text/plain"]
            elif message["msg_type"] == "error":
                texts["error"] = content["evalue"]

        self.client.execute_interactive(code, timeout=3 * DEADLINE_S, output_hook=hear)
        return texts


@pytest.fixture(scope="module")
def kernel() -> Iterator[_Kernel]:
    kernel = _Kernel()
    kernel.run("from labkit.check import check, hint, solution")
    yield kernel
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)


def test_a_function_that_waits_is_told_and_the_notebook_goes_on(kernel: _Kernel) -> None:
    shown = kernel.run(
        "import queue\n"
        "from labkit.check.limits import Limits\n"
        "check('split_lines', lambda text: queue.Queue().get(), limits=Limits(call_s=0.7))"
    )
    assert list(shown) == ["result"]  # nothing warns of threads
    assert "did not come back within 0.7 s" in shown["result"]
    assert kernel.run("1 + 1") == {"result": "2"}


def test_a_question_waits_for_nobody(kernel: _Kernel) -> None:
    shown = kernel.run("check('split_lines', lambda text: input())")
    assert "Nobody can answer in a check" in shown["result"]
    assert kernel.run("print('here')") == {"stdout": "here\n"}


def test_a_right_answer_passes_and_what_it_prints_is_shown_for_a_wrong_one(kernel: _Kernel) -> None:
    assert "3 of 3 levels passed" in kernel.run("check('carry', solution('carry'))")["result"]
    shown = kernel.run("check('carry', lambda token: print('seen') or 'data: x')")
    assert list(shown) == ["result"]
    assert "  printed   'seen\\n'" in shown["result"]


def test_an_interrupt_ends_the_call_and_leaves_no_process(kernel: _Kernel, tmp_path: Path) -> None:
    place = tmp_path / "process"
    code = (
        "import os, pathlib, threading\n"
        "def waits(text):\n"
        f"    pathlib.Path({str(place)!r}).write_text(str(os.getpid()))\n"
        "    threading.Event().wait()\n"
        "check('split_lines', waits, limits=Limits(call_s=60, check_s=60))"
    )
    stopper = _Interrupt(kernel, place)
    shown = kernel.run(code)
    stopper.join()
    assert "You stopped the call before it came back." in shown["result"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(place.read_text("ascii")), 0)


class _Interrupt:
    """Interrupts the kernel as soon as a file is there."""

    def __init__(self, kernel: _Kernel, place: Path) -> None:
        from threading import Thread

        def interrupt() -> None:
            eventually(lambda: place.exists() and place.read_text("ascii"), "the call has begun")
            kernel.manager.interrupt_kernel()

        self._thread = Thread(target=interrupt)
        self._thread.start()
        self.join = self._thread.join
