"""By keyboard alone, in the dark, and for a screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import Lab
from .test_widgets import CLIENTS, CONNECTED, NAMES, SERVER, client

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

REST = """
    from labkit.proxy import launch_relay
    network = launch_relay(url)
    wire = WireView(b": hi\\nid: 1\\ndata: a\\nfoo\\n\\ndata: lo")
    for widget in (ServerPanel(server), wire, FaultPanel(network), Typewriter(url)):
        display(widget)
    for text in ["one", "two"]: channel.publish(text)
"""

# Every piece of text in a labkit widget, and its contrast with what is behind it. Source: WCAG 2.2, 1.4.3.
CONTRASTS = """() => {
  const channels = (css) => (css.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  function behind(element) {
    for (; element; element = element.parentElement) {
      const color = channels(getComputedStyle(element).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  }
  const found = [];
  for (const element of document.querySelectorAll(".labkit *, .labkit-wire *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.disabled) continue;
    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
    found.push([element.textContent.slice(0, 30), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return found;
}"""


def test_text_stands_out_in_the_light_and_in_the_dark(run_cells: Callable[..., Lab], artifacts: Path) -> None:
    lab = run_cells(SERVER, CLIENTS, CONNECTED, REST)
    lab.wait_until_done()
    expect(client(lab.page, NAMES[1]).locator(".words")).to_have_text("one two")
    backgrounds = set()
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        choose_theme(lab.page, theme)
        contrasts: list[tuple[str, float]] = lab.page.evaluate(CONTRASTS)
        assert len(contrasts) > 80
        assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == [], theme
        backgrounds.add(lab.page.evaluate("getComputedStyle(document.querySelector('.labkit button')).backgroundColor"))
        lab.page.locator(".labkit-server").scroll_into_view_if_needed()
        lab.page.screenshot(path=artifacts / f"widgets-{theme.split()[1].lower()}.png")
    assert len(backgrounds) == 2  # it did become dark
    assert lab.complaints == []


def choose_theme(page: Page, name: str) -> None:
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item").filter(has_text=re.compile("^Theme$")).hover()
    page.locator(".lm-Menu-item").filter(has_text=re.compile(f"^{name}$")).click()
    page.wait_for_function(
        "name => document.body.dataset.jpThemeName === name && !document.querySelector('.lm-Menu')", arg=name
    )
    page.wait_for_timeout(500)


def test_every_button_by_keyboard_alone(run_cells: Callable[..., Lab]) -> None:
    lab = run_cells(SERVER, CLIENTS, CONNECTED, REST)
    lab.wait_until_done()
    page, cells = lab.page, lab.page.locator(".jp-CodeCell").count()
    page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    page.keyboard.press("Escape")
    tab_to(page, "Stop")
    page.keyboard.press("Enter")
    expect(client(page, NAMES[0]).get_by_role("status")).to_have_text("stopped by you")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(client(page, NAMES[0]).locator(".status")).to_contain_text("open")
    tab_to(page, "Cut all connections")
    page.keyboard.press("Enter")
    expect(client(page, NAMES[1]).get_by_role("status")).to_contain_text("the connection broke")
    panel = page.locator(".labkit-server")
    tab_to(page, "the message to publish", presses=40)
    page.keyboard.type("dd xyz 00")  # each of these is a shortcut that harms cells, where the notebook hears it
    page.keyboard.press("Enter")
    expect(client(page, NAMES[1]).locator(".words")).to_have_text("one two dd xyz 00", timeout=10_000)
    for name, then in [("Pause", "Go on"), ("Take it down", "Bring it up"), ("Bring it up", "Take it down")]:
        tab_to(page, name)
        page.keyboard.press("Enter")
        expect(panel.get_by_role("button", name=then)).to_be_focused()
        page.keyboard.press("Shift+Tab")
    expect(panel.locator(".status")).to_contain_text("3 clients", timeout=10_000)
    tab_to(page, "its number", presses=40)
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator(".labkit-fault .status")).to_contain_text("each piece arrives 3 seconds later")
    tab_to(page, "No fault")
    page.keyboard.press("Space")
    expect(page.locator(".labkit-fault .status")).to_contain_text("fault: none")
    assert page.locator(".jp-CodeCell").count() == cells
    assert page.locator(".jp-mod-editMode").count() == 0
    assert lab.complaints == []


def tab_to(page: Page, name: str, presses: int = 25) -> None:
    """Presses Tab until what has the focus is called so."""
    what = "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent)"
    for _ in range(presses):
        if page.evaluate(what) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached by Tab; the focus is on {page.evaluate(what)!r}")


def test_what_a_screen_reader_is_told(run_cells: Callable[..., Lab]) -> None:
    lab = run_cells(SERVER, CLIENTS, CONNECTED, REST)
    lab.wait_until_done()
    first = client(lab.page, NAMES[0])
    assert first.get_by_role("status").count() == 1  # what changes ten times a second is not read out
    expect(first.get_by_role("status")).to_have_text("status 200")
    expect(first.get_by_role("img", name="each event as a mark")).to_be_visible()
    expect(first.get_by_role("table", name="the newest events")).to_contain_text("two")
    expect(lab.page.locator(".labkit-server").get_by_role("button", name="Kick reader")).to_have_count(4)
