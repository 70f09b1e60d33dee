"""The diagnosis as a value: what it advises, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace

from labkit.doctor import Diagnosis, Finding, FurtherAnswers, judge
from labkit.doctor.request import Request
from labkit.faults import HoldBytes, HoldTime
from labkit.recording.decompress import accept_encoding

from .test_judge import WORDS, answered, body, stream, ticks


def behind(server: str) -> Diagnosis:
    held = stream(ticks(), HoldBytes(65536))
    return judge(replace(held, headers=held.headers | {"server": server}))


def test_the_line_for_the_product_that_is_there_comes_first() -> None:
    assert behind("nginx/1.22.1").findings[0].remedies[0].where == "nginx"
    assert behind("Apache/2.4.66 (Debian)").findings[0].remedies[0].where == "Apache"
    told = behind("Apache/2.4.66 (Debian)").as_json()["findings"][0]
    assert told["remedies"][0]["where"] == "Apache" and told["cause"] == "held-to-the-end"


def test_what_a_comparison_shows_has_lines_for_the_product_too() -> None:
    for name in ("held-between", "head-held"):
        assert Finding(name, "x", products=("Apache",)).remedies[0].where == "Apache"


def test_the_line_for_this_status_comes_first_and_those_for_others_are_left_out() -> None:
    lines = {status: [r.line for r in judge(answered(status)).findings[0].remedies] for status in (401, 405)}
    assert "--header" in lines[401][0] and "--post" in lines[405][0]
    assert not any("--post" in line for line in lines[401])


def test_no_advice_to_do_what_is_being_done() -> None:
    lumps = judge(stream(ticks(40, 0.1), HoldTime(1.0)))
    assert any("--compare" in remedy.line for remedy in lumps.findings[0].remedies)
    running = lumps.while_running("--compare").findings[0]
    assert not any("--compare" in remedy.line for remedy in running.remedies)
    assert "--compare" not in running.why and running == lumps.findings[0]
    quiet = next(finding for finding in judge(body(ended=False)).findings if finding.name == "quiet")
    assert any("--seconds 60" in remedy.line for remedy in quiet.remedies)
    assert replace(quiet, running=("--seconds", "--post")).remedies == ()


def test_a_sentence_is_left_out_whole() -> None:
    finding = Finding("held-to-the-end", "x", running=("--compare",))
    assert finding.why == "Something collects the whole answer first."


def test_a_preflight_that_is_refused_is_told() -> None:
    asked = FurtherAnswers(origin="https://my.app", preflight=answered(404))
    readable = replace(WORDS, headers=WORDS.headers | {"access-control-allow-origin": "*"})
    assert "preflight-refused" in [finding.name for finding in judge(readable, asked).findings]
    assert "preflight-refused" not in [finding.name for finding in judge(readable).findings]


def test_it_asks_for_every_coding_that_can_be_read_here() -> None:
    asked = Request("http://127.0.0.1/").all_headers({})["Accept-Encoding"]
    assert asked == accept_encoding() and asked.startswith("gzip, deflate")
    assert Request("http://127.0.0.1/").all_headers({"Accept-Encoding": "identity"})["Accept-Encoding"] == "identity"


def test_a_healthy_verdict_names_the_timers_beyond_what_was_watched() -> None:
    (limit,) = judge(replace(WORDS, ended=False, end_s=100.0)).limits
    assert "Cloudflare after 120 s" in limit and "nginx" not in limit
    assert judge(replace(WORDS, ended=False, end_s=121.0)).limits == ()
