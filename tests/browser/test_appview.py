"""A small app in its frame in a real JupyterLab, disturbed by its buttons."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_an_app_outlives_its_buttons_and_its_naive_version_does_not(
    run_cells: Callable[..., Lab], artifacts: Path
) -> None:
    """5 s: two restarts of a server, and a page in a frame that comes back each time."""
    lab = run_cells("from labkit.widgets import AppView", 'app = AppView("notifications")\napp')
    view = lab.page.locator(".labkit-app")
    page = view.frame_locator("iframe")
    listed, state = page.locator("#list li"), page.locator("#state")

    def press(button: str) -> None:
        view.get_by_role("button", name=button).click()

    def post(text: str) -> None:
        page.locator("#text").fill(f"@alice {text}")
        page.get_by_role("button", name="Post").click()

    expect(state).to_contain_text("open", timeout=60_000)
    before = listed.count()
    post("one")
    expect(listed).to_have_count(before + 1)
    press("Cut the stream")
    post("two")
    expect(listed).to_have_count(before + 2, timeout=20_000)  # it came back by itself, and has it once
    press("Restart the server")
    expect(view.locator(".status")).to_contain_text("whole version", timeout=20_000)
    post("three")
    expect(listed).to_have_count(before + 3, timeout=20_000)
    expect(listed.first).to_contain_text("three")
    lab.page.screenshot(path=artifacts / "appview.png")
    expect(view.locator("pre .added").first).to_be_attached()

    view.locator("select").select_option("a proxy that buffers")
    post("four")
    expect(listed).to_have_count(before + 4, timeout=20_000)  # the stream asks not to be buffered
    view.locator("select").select_option("straight")
    press("Take the naive version")
    expect(view.get_by_role("button", name="Take the whole version")).to_be_visible(timeout=20_000)
    expect(state).to_contain_text(re.compile("open|connecting"), timeout=20_000)
    expect(listed).to_have_count(0, timeout=20_000)  # what was posted before is nowhere
    assert lab.complaints == []
