from __future__ import annotations

import re
from pathlib import Path

from labkit.lab.verdict import Verdict, sentences

LEDGER = Path(__file__).parents[2] / "docs/claims.md"


def test_a_verdict_says_what_is_claimed_and_what_was_measured() -> None:
    assert [repr(Verdict("C12", holds, "curl printed 12 lines")) for holds in (True, False, None)] == [
        f"C12, the stream can be debugged with curl and read by eye: {word}.\n     curl printed 12 lines"
        for word in ("true", "not true here", "cannot be told here")
    ]
    assert Verdict("C12", True, "12 lines").in_brief == "C12 true: 12 lines"


def test_each_claim_that_is_settled_has_a_sentence() -> None:
    rows = re.findall(r"^\| (C\d\d) \|.*\| (\d\d|due) \|$", LEDGER.read_text("utf-8"), re.M)
    assert [claim for claim, lesson in rows if lesson != "due"] == sorted(sentences(), key=[c for c, _ in rows].index)
    assert all(re.fullmatch(r"\S.*[^.:?!]", sentence) for sentence in sentences().values())
