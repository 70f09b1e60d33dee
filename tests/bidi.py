"""A page in a real Firefox, by WebDriver BiDi: its own remote protocol, over a WebSocket, with no driver between.

Playwright drives a Firefox of its own making only. Source: https://w3c.github.io/webdriver-bidi/
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

from tornado.websocket import websocket_connect

from labkit.lab.engines import firefox_command
from labkit.system.child import Child

#: Evaluates a value, or calls a function with the argument; waits until it is truthy where it is asked to.
CALL = """(async (wanted, deadline_ms) => {
  for (;;) {
    const given = %s, found = typeof given === "function" ? await given(%s) : await given;
    if (!wanted || found || performance.now() > deadline_ms) return JSON.stringify(found ?? null);
    await new Promise((wake) => setTimeout(wake, 30));
  }
})(%s, performance.now() + %d)"""
#: An error that nobody caught; what was refused across origins, or by a policy, is logged as well.
THROWN = re.compile(r"(uncaught|\w*Error:)")
PLACE = """(selector) => {
  const found = [...document.querySelectorAll(selector)].find((one) => one.getClientRects().length && !one.disabled);
  found?.scrollIntoView({ block: "center" });
  const box = found?.getBoundingClientRect();
  return box && [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
}"""


class FirefoxError(AssertionError):
    """What Firefox, or a script in its page, complains of."""


class FirefoxPage:
    """A tab. All waits end after `patience_s`, with an error that says what was there."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox, self._context = firefox, context

    def goto(self, url: str) -> None:
        self._firefox.call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, script: str, given: Any = None, *, patience_s: float = 0.0) -> Any:
        """The value of an expression, or what a function returns; with patience, the first value that is true."""
        text = CALL % (script, json.dumps(given), json.dumps(patience_s > 0), 1000 * patience_s)
        asked = {"expression": text, "target": {"context": self._context}, "awaitPromise": True}
        said = self._firefox.call("script.evaluate", **asked)
        if said["type"] != "success":
            raise FirefoxError(said["exceptionDetails"]["text"])
        return json.loads(said["result"]["value"])

    def wait(self, script: str, given: Any = None, patience_s: float = 20.0) -> Any:
        """The first true value of the script."""
        if found := self.evaluate(script, given, patience_s=patience_s):
            return found
        raise FirefoxError(f"never true: {script}; the page shows: {self.evaluate('document.body.innerText')[-1500:]}")

    def text(self, selector: str) -> str:
        return str(self.wait("(it) => document.querySelector(it)?.textContent", selector))

    def wait_for_text(self, selector: str, pattern: str, patience_s: float = 20.0) -> None:
        """Until the text of the first such element has the pattern."""
        found = f"(it) => /{pattern}/s.test(document.querySelector(it)?.textContent ?? '')"
        self.wait(found, selector, patience_s)

    def click(self, selector: str) -> None:
        """Presses the mouse on the first one that is seen and not disabled."""
        x, y = self.wait(PLACE, selector)
        mouse = [{"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0}]
        self._act({"type": "pointer", "id": "mouse", "actions": [*mouse, {"type": "pointerUp", "button": 0}]})

    def type(self, text: str) -> None:
        """Types into what has the focus."""
        strokes = [{"type": how, "value": letter} for letter in text for how in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": strokes})

    def _act(self, source: dict[str, Any]) -> None:
        self._firefox.call("input.performActions", context=self._context, actions=[source])


class Firefox:
    """One headless browser with a fresh profile; errors of its pages stand in `complaints`."""

    def __init__(self, path: str) -> None:
        self.complaints: list[str] = []
        self._number = 0
        self._profile = tempfile.mkdtemp(prefix="labkit-firefox-")
        self._log = (Path(self._profile) / "log").open("wb")
        command = [*firefox_command(path, self._profile, "about:blank"), "--remote-debugging-port", "0"]
        self._child = Child(command, environment={"HOME": self._profile}, log=self._log)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="firefox", daemon=True)
        self._thread.start()
        try:
            self._socket = self._run(self._connect())
        except BaseException:
            self.end()
            raise
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])

    def page(self) -> FirefoxPage:
        return FirefoxPage(self, self.call("browsingContext.create", type="tab")["context"])

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The result of a command of the protocol."""
        result: dict[str, Any] = self._run(self._call(method, given))
        return result

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(90)

    async def _connect(self) -> Any:
        deadline_s = time.monotonic() + 60
        while not (found := re.search(r"BiDi listening on (ws://\S+)", self._said())):
            if not self._child.running or time.monotonic() > deadline_s:
                raise FirefoxError(f"Firefox does not start: {self._said()[-500:]}")
            await asyncio.sleep(0.05)
        return await websocket_connect(f"{found[1]}/session", max_message_size=100 * 2**20)

    def _said(self) -> str:
        return Path(self._log.name).read_text("utf-8", "replace")

    async def _call(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        await self._socket.write_message(json.dumps({"id": self._number, "method": method, "params": given}))
        while (message := await self._socket.read_message()) is not None:
            said = json.loads(message)
            if said.get("method") == "log.entryAdded" and THROWN.match(said["params"]["text"]):
                self.complaints.append(said["params"]["text"])
            if said.get("id") == self._number:
                if said["type"] == "error":
                    raise FirefoxError(f"{method}: {said['message']}")
                result: dict[str, Any] = said["result"]
                return result
        raise FirefoxError("Firefox has ended")

    def end(self) -> None:
        self._child.kill()  # its profile is thrown away
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._log.close()
        shutil.rmtree(self._profile, ignore_errors=True)


@contextlib.contextmanager
def a_firefox(path: str) -> Iterator[Firefox]:
    """A Firefox that ends with the block."""
    firefox = Firefox(path)
    try:
        yield firefox
    finally:
        firefox.end()
