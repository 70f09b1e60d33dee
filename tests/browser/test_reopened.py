"""Lessons that are opened again: on another day, and after a reload of the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labkit.command.contents import GONE

from .conftest import Lab
from .test_widgets import CLIENTS, CONNECTED, SERVER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

GUESS = """
    from labkit.widgets import predict
    guess = predict("How many words get lost?", ["none", "all of them"])
    guess
"""
END_KERNEL = """async () => {
    await window.jupyterapp.shell.currentWidget.sessionContext.shutdown();
}"""


def test_a_reload_brings_the_widgets_back_and_without_their_kernel_a_sentence(
    run_cells: Callable[..., Lab], artifacts: Path
) -> None:
    lab = run_cells(SERVER, CLIENTS, CONNECTED, GUESS)
    lab.wait_until_done()
    lab.save()
    lab.reload()
    expect(lab.page.locator(".labkit-client")).to_have_count(3, timeout=15_000)
    expect(lab.output("How many words")).to_contain_text("all of them")
    lab.page.evaluate(END_KERNEL)
    lab.reload()
    expect(lab.output("How many words")).to_contain_text(GONE)
    expect(lab.page.get_by_text("model not found")).to_have_count(0)
    lab.page.screenshot(path=artifacts / "reopened.png")
    lab.run_all()
    lab.wait_until_done()
    expect(lab.page.locator(".labkit-client")).to_have_count(3)
    assert lab.complaints == []
