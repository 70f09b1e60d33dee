"""The solution of the exercise resume_call, and what one tends to write."""

from __future__ import annotations

import json
import re

from labkit.check.exercise import Symptom, Trap

Request = tuple[str, dict[str, str]]


def resume_call(body: str, id: int, session: str) -> tuple[str, dict[str, str]]:
    """What a client does after the cut: ("done", {}), ("GET", headers) or ("POST", {})."""
    import json

    last_event_id, block_id, data = "", "", []
    for line in body.replace("\r\n", "\n").split("\n")[:-1]:  # behind the last line end nothing is whole
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            block_id = value
        elif field == "data":
            data.append(value)
        elif line == "":  # only now the block counts
            last_event_id = block_id or last_event_id
            message = json.loads("\n".join(data) or "{}")
            if message.get("id") == id and "method" not in message:
                return "done", {}
            block_id, data = "", []
    if last_event_id == "":
        return "POST", {}
    return "GET", {"Last-Event-ID": last_event_id, "Mcp-Session-Id": session}


def request_behind(last_event_id: str, session: str) -> Request:
    """What asks for the rest behind an id, or again without one."""
    if not last_event_id:
        return "POST", {}
    return "GET", {"Last-Event-ID": last_event_id, "Mcp-Session-Id": session}


def _answer_anywhere(body: str, id: int, session: str) -> Request:
    return ("done", {}) if '"result"' in body or '"error"' in body else resume_call(body, id, session)


def _blocks(body: str) -> list[str]:
    return body.replace("\r\n", "\n").split("\n\n")[:-1]


def _messages(body: str) -> list[dict[str, object]]:
    blocks = ["\n".join(re.findall(r"^data: ?(.*)", block, re.MULTILINE)) for block in _blocks(body)]
    return [json.loads(data) for data in blocks if data]


def _errors_are_no_answer(body: str, id: int, session: str) -> Request:
    if any(message.get("id") == id and "error" in message for message in _messages(body)):
        return _unanswered(body, session)
    return resume_call(body, id, session)


def _unanswered(body: str, session: str) -> Request:
    return resume_call(body, -1, session)


def _never_done(body: str, id: int, session: str) -> Request:
    return _unanswered(body, session)


def _any_message_with_this_id(body: str, id: int, session: str) -> Request:
    if any(message.get("id") == id for message in _messages(body)):
        return "done", {}
    return resume_call(body, id, session)


def _any_answer(body: str, id: int, session: str) -> Request:
    if any("result" in message or "error" in message for message in _messages(body)):
        return "done", {}
    return _unanswered(body, session)


def _first_id(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    ids = [found for block in _blocks(body) for found in re.findall(r"^id: ?(.+)", block, re.MULTILINE)]
    return (method, {**headers, "Last-Event-ID": ids[0]}) if method == "GET" else (method, headers)


def _id_of_the_next(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    if method != "GET":
        return method, headers
    return method, {**headers, "Last-Event-ID": str(int(headers["Last-Event-ID"]) + 1)}


def _no_session(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    return method, {name: value for name, value in headers.items() if name != "Mcp-Session-Id"}


def _session_with_the_post(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    return method, ({"Mcp-Session-Id": session} if method == "POST" else headers)


def _gets_without_an_id(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    return ("GET", {"Last-Event-ID": "", "Mcp-Session-Id": session}) if method == "POST" else (method, headers)


def _gets_without_an_id_and_header(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    return ("GET", {"Mcp-Session-Id": session}) if method == "POST" else (method, headers)


def _always_posts(body: str, id: int, session: str) -> Request:
    method, _ = resume_call(body, id, session)
    return ("POST" if method == "GET" else method), {}


def _posts_whatever_came(body: str, id: int, session: str) -> Request:
    return "POST", {}


def _posts_with_the_id(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    return ("POST" if method == "GET" else method), headers


def _line_feeds_alone(body: str, id: int, session: str) -> Request:
    return resume_call(body, id, session) if "\r\n" not in body else ("POST", {})


def _blank_behind_the_colon(body: str, id: int, session: str) -> Request:
    return resume_call(re.sub(r"^id:(?! )", "no:", body, flags=re.MULTILINE), id, session)


def _empty_data_does_not_count(body: str, id: int, session: str) -> Request:
    kept = [block for block in _blocks(body) if re.search(r"^data: ?[^ ]", block, re.MULTILINE)]
    return resume_call("".join(f"{block}\n\n" for block in kept), id, session)


def _id_of_the_call(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    return method, ({**headers, "Last-Event-ID": str(id)} if method == "GET" else headers)


def _errors_are_tried_again(body: str, id: int, session: str) -> Request:
    done = _errors_are_no_answer(body, id, session) != resume_call(body, id, session)
    return ("POST", {}) if done else resume_call(body, id, session)


def _forgets_the_id(body: str, id: int, session: str) -> Request:
    method, headers = resume_call(body, id, session)
    ids = re.findall(r"^id: ?(.+)", _blocks(body)[-1], re.MULTILINE) if _blocks(body) else []
    return request_behind(ids[-1] if ids else "", session) if method == "GET" else (method, headers)


TRAPS = (
    Trap(
        "answer anywhere",
        _answer_anywhere,
        'It says "done" as soon as the word result or error is somewhere in the text. It may stand in a message for '
        "people, in somebody else's answer, or in an answer that was cut.",
    ),
    Trap(
        "any answer",
        _any_answer,
        'It says "done" at the answer to another call. The answer has the id of this call.',
    ),
    Trap(
        "a question of the server",
        _any_message_with_this_id,
        "A question of the server counts as the answer. Servers count their own questions, so the number may be the "
        'same; what has a "method" is no answer.',
    ),
    Trap(
        "errors",
        _errors_are_no_answer,
        "An error is an answer, too: the call is over, and asking for more brings nothing.",
        also=(_errors_are_tried_again,),
    ),
    Trap("never done", _never_done, "Where the answer has come, there is nothing left to ask."),
    Trap(
        "first id", _first_id, "It resumes behind the first id that came. All events after it would come a second time."
    ),
    Trap(
        "the next id",
        _id_of_the_next,
        "Last-Event-ID is the id of the last event that the client has, and not of the one that it wants.",
    ),
    Trap(
        "the id of the call",
        _id_of_the_call,
        "Last-Event-ID is the id of the call here. It is what stands in the `id:` line of the last event that came.",
    ),
    Trap(
        "forgets the id",
        _forgets_the_id,
        "An event without an id made it forget the one before. The last id that came stays in force.",
    ),
    Trap(
        "no session",
        _no_session,
        "The header Mcp-Session-Id is missing: the server would not know whose call this is, and answers 400.",
    ),
    Trap(
        "session with the POST",
        _session_with_the_post,
        "Without an id there is nothing to resume: the check expects no header with the new POST.",
    ),
    Trap(
        "GET without an id",
        _gets_without_an_id,
        "No id came, and it asks with GET all the same. A server cannot know where to go on; the call must be made "
        "again.",
        also=(_gets_without_an_id_and_header,),
    ),
    Trap(
        "always posts",
        _always_posts,
        "It makes the call again although an id came. The tool would do its work twice, with all that this does.",
        also=(_posts_whatever_came,),
    ),
    Trap(
        "posts with the id",
        _posts_with_the_id,
        "Resuming is a GET. A POST is another call, whatever its headers are: the tool would do its work twice.",
    ),
    Trap(
        "line feeds alone",
        _line_feeds_alone,
        "Where lines end with CRLF it finds no event at all. The official server ends all its lines so.",
    ),
    Trap(
        "blank behind the colon",
        _blank_behind_the_colon,
        "An id without a blank behind the colon was not seen. `id:7` and `id: 7` say the same.",
    ),
    Trap(
        "the priming event",
        _empty_data_does_not_count,
        "The id of an event with empty data does not count. It is there for just this: so that a client has an id "
        "before anything has happened.",
    ),
)


def _only_the_headers(answer: Request, expected: Request) -> bool:
    return answer[0] == expected[0]


SYMPTOMS = (
    Symptom(
        "only the headers are wrong",
        _only_the_headers,
        "What it does is right, but its headers are not.",
    ),
)
