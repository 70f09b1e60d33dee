"""What one tends to write in the exercise assemble for the end of an answer."""

from __future__ import annotations

import json
from collections.abc import Callable

from labkit.check.exercise import Symptom, Trap
from labkit.check.exercises.assemble_traps import Events, TextAndWhole, assemble


def _always_complete(events: Events) -> TextAndWhole:
    return assemble(events)[0], True


def _never_complete(events: Events) -> TextAndWhole:
    return assemble(events)[0], False


def _complete_with_text(events: Events) -> TextAndWhole:
    text, _ = assemble(events)
    return text, bool(text)


def _error_is_an_end(events: Events) -> TextAndWhole:
    text, complete = assemble(events)
    return text, complete or any('"error"' in data for _, data in events)


def _error_is_an_end_of_anthropic(events: Events) -> TextAndWhole:
    text, complete = assemble(events)
    return text, complete or any('"type": "error"' in data for _, data in events)


def _raises_where_it_breaks(problem: type[Exception]) -> Callable[[Events], TextAndWhole]:
    def read(events: Events) -> TextAndWhole:
        text, complete = assemble(events)
        if not complete:
            raise problem
        return text, complete

    return read


def _nothing_raises(events: Events) -> TextAndWhole:
    if not events:
        raise IndexError
    return assemble(events)


def _error_raises(events: Events) -> TextAndWhole:
    if any('"error"' in data for _, data in events):
        raise KeyError("choices")
    return assemble(events)


def _error_event_raises(events: Events) -> TextAndWhole:
    if any(type == "error" for type, _ in events):
        raise RuntimeError
    return assemble(events)


def _errors_in_the_text(events: Events) -> TextAndWhole:
    text, complete = assemble(events)
    errors = [json.loads(data)["error"]["message"] for _, data in events if '"error"' in data]
    return text + "".join(errors), complete


def _broken_is_empty(events: Events) -> TextAndWhole:
    text, complete = assemble(events)
    return text if complete else "", complete


def _no_end_of_anthropic(events: Events) -> TextAndWhole:
    text, _ = assemble(events)
    return text, any(data == "[DONE]" for _, data in events)


END_TRAPS = (
    Trap(
        "no end of Anthropic's",
        _no_end_of_anthropic,
        "Anthropic's answers came out as not complete. They have an end mark of their own: the event message_stop.",
    ),
    Trap(
        "always complete",
        _always_complete,
        "An answer that broke off was called complete. Without its end it may lack its last words, and a user would "
        "cook half a recipe.",
    ),
    Trap(
        "never complete",
        _never_complete,
        "An answer with its end was called not complete. A user would be told that something is missing, and nothing "
        "is.",
    ),
    Trap(
        "text is enough",
        _complete_with_text,
        "An answer counts as complete here when it has text. Its end decides: an answer may break off in the middle, "
        "and an empty one may be complete.",
        also=(lambda events: (assemble(events)[0], assemble(events)[1] or bool(assemble(events)[0])),),
    ),
    Trap(
        "an error is an end",
        _error_is_an_end,
        "An answer that ended with an error was called complete. The status was 200 long before; the error came as an "
        "event.",
        also=(_error_is_an_end_of_anthropic,),
    ),
    Trap(
        "broken raises",
        _raises_where_it_breaks(ValueError),
        "An answer that broke off made the function raise an error. The user has seen its first words already: give "
        "what came, and False.",
        also=(_raises_where_it_breaks(RuntimeError), _raises_where_it_breaks(Exception)),
    ),
    Trap(
        "nothing raises",
        _nothing_raises,
        "A stream without any event makes the function raise an error. It is an answer that broke off before its first "
        "word.",
    ),
    Trap(
        "an error raises",
        _error_raises,
        "An event that brings an error made the function raise one too. The text so far is all that the user gets, and "
        "it is not complete.",
        also=(_error_event_raises,),
    ),
    Trap(
        "an error is text",
        _errors_in_the_text,
        "The message of an error stands in the answer's text. It is no word of the model: the text is not complete, "
        "and that is all.",
    ),
    Trap(
        "broken is empty",
        _broken_is_empty,
        "An answer that broke off came out empty. The user has seen its first words already: give what came, and "
        "False.",
    ),
)


def _text_is_right(answer: TextAndWhole, expected: TextAndWhole) -> bool:
    return answer[0] == expected[0]


SYMPTOMS = (
    Symptom(
        "only the end is wrong",
        _text_is_right,
        "The text is right, but True or False is not. True says that the answer's end has come: [DONE] in OpenAI's "
        "dialect, message_stop in Anthropic's.",
    ),
)
