from __future__ import annotations

from labkit.lab.lesson_05 import while_away
from labkit.lab.lesson_05.away import AwayTable, WhileAway


def test_the_recording_tells_browser_and_date_and_what_was_lost() -> None:
    table = while_away()
    assert table.browser.startswith("Chromium ") and len(table.date) == 10
    rows = {row.situation: row for row in table.rows}
    assert len(rows) == len(table.rows) >= 12
    assert rows["nothing happens"].silence_s < 2 and rows["nothing happens"].asked == 1
    assert all(row.silence_s >= 7 for name, row in rows.items() if "frozen" in name or "stands still" in name)
    assert not any(row.twice for row in table.rows)


def test_a_table_is_told_in_lines_of_one_width() -> None:
    table = AwayTable(
        "Chromium 156",
        "2026-11-28",
        (WhileAway("asleep", 0, 0, 1, 8.0, "open"), WhileAway("gone", 72, 0, 2, 9.25, "closed")),
    )
    assert repr(table).splitlines() == [
        f"{'Chromium 156, 2026-11-28':42}lost  asked  silence  at the end",
        f"{'asleep':42}   0   once    8.0 s  open",
        f"{'gone':42}  72    2 x    9.2 s  closed",
    ]
