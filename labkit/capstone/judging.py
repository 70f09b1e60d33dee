"""What each line of the checklist looks for in the runs that were seen. Pure.

Each function gives None where all is well, a Finding of the doctor's, a sentence, or Untold with the reason why it
cannot be told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.capstone.runs import FirstRun, ShortRun, final_state_in, opens_as_stream, says_state
from labkit.capstone.states import read_state, states_of
from labkit.doctor import Finding, judge
from labkit.doctor.body import read_content
from labkit.doctor.diagnosis import with_products
from labkit.doctor.pattern import longest_silence_s
from labkit.errors import counted
from labkit.recording import Recording
from labkit.testing.checks import find_no_stream, readable
from labkit.testing.comparison import look_at_attempt
from labkit.testing.cuts import place_of
from labkit.wire import Decoder, Event

#: Of what is said about the content: the names of causes that make an event unreadable.
UNREADABLE = {
    "json-cut", "json-broken", "json-nan", "printed-object", "html-escaped", "encoded-twice", "not-utf8", "backslash-n",
    "double-data", "json-lines", "text-cut",
}  # fmt: skip
PROMPT_S = 3.0  # the job takes longer; an answer that only begins it takes less, on a busy machine too
LAG_S = 0.5  # what comes so much later behind the proxy was held there
LATE_SHARE = 0.25  # a machine that stands still for a moment delays a few
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Untold:
    """Why a line cannot be told here."""

    reason: str


Found = Finding | Untold | str | None


def find_no_start(run: FirstRun) -> Found:
    """Why the job does not start, or nothing is answered at the stream's place."""
    if run.problem:
        return run.problem
    if not 200 <= run.start < 300:
        return f"POST /start was answered {run.start}: it must begin the job, and answer 2xx, such as 202"
    if run.start_s > PROMPT_S:
        took = f"POST /start was answered after {run.start_s:.2g} s: begin the job, and answer at once"
        return f"{took}. (What waits in `async def` without `await`, as time.sleep() does, keeps everybody waiting)"
    if not run.whole.status:
        return run.whole.broken or "/events sent no head"
    return None


def find_other_than_stream(run: FirstRun) -> Found:
    """Why a browser's EventSource would not open it."""
    if opens_as_stream(run.whole):
        return None
    errors = [finding for finding in judge(run.whole).findings if finding.severity == "error"]
    kind = run.whole.headers.get("content-type", "(none)")
    return errors[0] if errors else f"status {run.whole.status} with the media type {kind}: no EventSource opens that"


def find_lump(run: FirstRun) -> Found:
    """What keeps the events from coming one by one."""
    recording = readable(run.whole)
    return find_no_stream(recording, judge(recording))


def find_no_state(run: FirstRun) -> Found:
    """The first event that does not say the state of the job."""
    recording = readable(run.whole)
    unreadable = [finding for finding in judge(recording).findings if finding.name in UNREADABLE]
    wrong = [(number, says_state(event)) for number, event in enumerate(recording.events, 1) if says_state(event)]
    if not recording.events:
        return "no event came: a field `data:`, and behind it a blank line, make one"
    if not wrong:
        return None
    return unreadable[0] if unreadable else f"event {wrong[0][0]}: {wrong[0][1]}"


def find_second_job(run: FirstRun) -> Found:
    """What began another run of the job while one was under way."""
    runs = list(dict.fromkeys(state.run for state in states_of(run.whole.events)))
    if len(runs) > 1:
        return f"a second POST /start began run {runs[1]!a} while run {runs[0]!a} was under way: one button, two jobs"
    for reader in run.late:
        other = [state.run for state in states_of(reader.recording.events) if state.run not in runs]
        if other:
            shown = f"a second reader was shown run {other[0]!a}, and the first one run {runs[0]!a}"
            return f"{shown}: each GET begins a job of its own. Let POST /start begin it, and all readers read one log"
    if not 200 <= run.second_start < 500:
        return f"POST /start, while the job runs, was answered {run.second_start or 'with nothing'}"
    return None


def find_no_snapshot(run: FirstRun) -> Found:
    """Why a reader who comes late does not see the newest state at once."""
    if not run.late:
        return Untold("the job was over before a second reader could come: let it take longer")
    answers = [reader.problem for reader in run.late if reader.known]
    return _behind_snapshot(run) if "" in answers else f"a reader without an id {answers[-1]}"


def _behind_snapshot(run: FirstRun) -> Found:
    """Whether what follows the snapshot has a hole, or something twice."""
    whole = [event.data for event in run.whole.events]
    got = [event.data for event in run.late[0].recording.events]
    wanted = whole[whole.index(got[0]) :] if got and got[0] in whole else got
    if got == wanted[: len(got)]:
        return None
    place = next(n for n, data in enumerate(got) if n >= len(wanted) or data != wanted[n])
    what = "came twice" if got[place] in got[:place] else "did not follow on what came before it"
    return f"behind the snapshot, event {place + 1} {what}: give the snapshot the id and the place of the newest event"


def find_loss_in_cuts(run: FirstRun, short: ShortRun) -> Found:
    """What is lost by a cut: at any byte of the short run, and at the places where the live stream was cut."""
    ids = _own_ids(short.whole)
    if not any(ids):
        return Finding("ids-missing", f"of {counted(len(ids), 'event')} none has an id to go on from")
    again = [id for id, number in Counter(filter(None, ids)).items() if number > 1]
    if again:
        return Finding("ids-repeat", f"the id {again[0]!a} stands on more than one event of a run")
    for place, last_id, got, ended in _every_byte(short):
        lost = [id for id in ids if id and id not in got]
        if lost or not ended:
            asked = f"after a cut behind byte {place}, asked with Last-Event-ID: {last_id}"
            status = short.answers[last_id].status
            answer = "" if status == 200 else f" (it answered {status})"
            return Finding("resume-ignored", f"{asked}, {_listed(lost) if lost else 'the end'} did not come{answer}")
    return _loss_in_live_cuts(run)


def _own_ids(recording: Recording) -> list[str]:
    """For each event the id in its own block; "" for one without. (A greeting has none, and comes again.)"""
    return [block.own_id or "" for block in read_content(readable(recording).body).blocks]


def _every_byte(short: ShortRun) -> list[tuple[int, str, list[str], bool]]:
    """For a cut behind each byte of the body: the byte, the id in force, the ids received before it and after, and
    whether the end of the job was among all that."""
    decoder, count = Decoder(), 0
    own, body, ends = _own_ids(short.whole), readable(short.whole).body, final_state_in(short.whole)
    answers = {id: (_own_ids(answer), final_state_in(answer)) for id, answer in short.answers.items()}
    cuts = []
    for place in range(len(body)):
        count += sum(isinstance(signal, Event) for signal in decoder.feed(body[place : place + 1]))
        if decoder.last_event_id in answers:
            after, told = answers[decoder.last_event_id]
            got = [id for id in (*own[:count], *after) if id]
            cuts.append((place + 1, decoder.last_event_id, got, told or count == len(own) or not ends))
    return cuts


def _loss_in_live_cuts(run: FirstRun) -> Found:
    if run.reference is None or not any(attempt.reached for attempt in run.attempts):
        return None  # the short run has told enough
    if run.reference.problem is not None:
        return f"without any cut it fails: {run.reference.problem}"
    late_s = max((received.at_s for received in run.reference.received), default=0.0) - LAG_S
    for attempt in run.attempts:
        if attempt.reached and (finding := look_at_attempt(attempt, run.reference, late_s)) is not None:
            if "came twice" in finding.evidence and "did not come" not in finding.evidence:
                continue  # that is the next line
            return finding
    return None


def find_doubled(run: FirstRun, short: ShortRun) -> Found:
    """What came twice after a cut."""
    for place, last_id, got, _ in _every_byte(short):
        doubled = [id for id, number in Counter(got).items() if number > 1]
        if doubled:
            asked = f"after a cut behind byte {place}, asked with Last-Event-ID: {last_id}"
            return Finding(
                "resume-ignored", f"{asked}, {_listed(doubled)} came twice: go on behind that id, not with it"
            )
    for attempt in run.attempts:
        doubled = [id for id, number in Counter(got.id for got in attempt.reader.received).items() if number > 1]
        if attempt.reached and doubled:
            return Finding("resume-ignored", f"after a cut {place_of(attempt.cut)}, {_listed(doubled)} came twice")
    return None


def find_silence_about_unknown(run: FirstRun) -> Found:
    """An id that the server cannot know, and that it neither tells as a gap nor answers with the newest state."""
    if not run.strangers:
        return Untold("the job was over before anybody could ask: let it take longer")
    for id in dict.fromkeys(reader.asked_with for reader in run.strangers):
        readers = [reader for reader in run.strangers if reader.asked_with == id]
        if not any(reader.told for reader in readers):
            return f"a reader with the unknown Last-Event-ID {id!a} {readers[-1].problem}. Or say `event: gap` first"
    return None


def find_endless(run: FirstRun) -> Found:
    """Why the stream does not end with the job, or begins again."""
    whole, runs = run.whole, {state.run for state in states_of(run.whole.events)}
    if not whole.ended:
        return f"after {whole.end_s - whole.sent_s:.2g} s and {counted(len(whole.events), 'event')} it is still open"
    last = states_of(whole.events[-1:])
    if not last or not last[0].final:
        shown = last[0].state if last else "none"
        return f"it ended, and the last state is {shown!a}: say done or gave up, or nobody knows that it is over"
    for who, recording in (("who came back with the last id", run.returned), ("who opened it again", run.newcomer)):
        if recording is None:
            continue
        other = [state.run for state in states_of(recording.events) if state.run not in runs]
        if other:
            return Finding(
                "asks-again", f"{who}, began run {other[0]!a}: a finished job answers 204, or its last state"
            )
        if recording.status != 204 and not opens_as_stream(recording):
            return Finding("resume-refused", f"{who}, was answered {recording.status}: answer 204")
        if recording.status == 200 and not recording.ended:
            return f"{who}, is left waiting: nothing will ever come. Answer 204, or the last state, and end"
    if run.newcomer is not None and not final_state_in(run.newcomer):
        return f"who opens the page when all is over was answered {run.newcomer.status}, and never sees that it is done"
    return None


def find_idle_cut(run: FirstRun, idle_s: float) -> Found:
    """Whether a proxy that ends what is silent for `idle_s` seconds has ended it."""
    if run.idle is None:
        return Untold("the lab's proxy speaks http:// only, and cannot stand in front of it")
    cut_cleanly = run.idle.ended and final_state_in(run.whole) and not final_state_in(run.idle)
    if not run.idle.broken and not cut_cleanly:
        return None
    silence_s = longest_silence_s(readable(run.whole))
    evidence = (
        f"a proxy that allows {idle_s:g} s of silence cut it; the longest silence was {silence_s:.2g} s. "
        f"(No proxy at work is so impatient. Here a comment every {idle_s / 2:g} s will do)"
    )
    return _with_remedies(Finding("no-heartbeat", evidence), run.whole)


def find_held(run: FirstRun) -> Found:
    """Whether a proxy that fills buffers of 4096 bytes, unless X-Accel-Buffering says no, has held events back."""
    if run.buffered is None:
        return Untold("the lab's proxy speaks http:// only, and cannot stand in front of it")
    began_s = {event.data: run.whole.began_epoch_s + at_s for at_s, event in reversed(run.whole.timed_events)}
    lags = [
        run.buffered.began_epoch_s + at_s - began_s[event.data]
        for at_s, event in run.buffered.timed_events[1:]  # the first may be a snapshot, which has an age
        if event.data in began_s
    ]
    late = [lag for lag in lags if lag > LAG_S]
    if lags and len(late) < LATE_SHARE * len(lags):
        return None
    if not lags:
        return _with_remedies(
            Finding("full-buffers", "behind a proxy with a buffer of 4096 bytes nothing came"), run.whole
        )
    together = f"{counted(len(lags) + 1, 'event')}, up to {max(lags):.2g} s late"
    evidence = f"behind a proxy with a buffer of 4096 bytes came {together}; X-Accel-Buffering: no forbids that"
    return _with_remedies(Finding("full-buffers", evidence), run.whole)


def _with_remedies(finding: Finding, recording: Recording) -> Finding:
    return with_products([finding], recording)[0]


def _listed(ids: Sequence[str]) -> str:
    shown = ", ".join(ascii(id)[1:-1] for id in ids[:SHOWN]) + (", ..." if len(ids) > SHOWN else "")
    return f"{counted(len(ids), 'event')} ({shown})"


def text_in_notes(run: FirstRun, text: str) -> bool:
    """Whether one of the notes is this text, unchanged."""
    return any(read_state(event).note == text for event in run.whole.events if not says_state(event))
