"""What the generator does with a request: its limits, its tools, and every ending on purpose."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest

from labkit.dialects import Finish, Part, Reasoning, Refusal, Text, ToolCall
from labkit.errors import LabError
from labkit.llm import AT_ONCE, Generation, Studio, Trouble
from labkit.llm.generator import StoppedBefore, cut_before
from labkit.llm.model_request import ModelRequest, Turn
from labkit.llm.trouble import ENDINGS_ON_PURPOSE
from labkit.llm.writer import gather

USER = (Turn("user", "Who are you?"),)
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"}, "unit": {"enum": ["C", "F"]}, "days": {"type": "INTEGER"}, "now": {"type": "boolean"},
        "more": {"type": "array", "items": {"properties": {"deep": {}}}},
    },
}  # fmt: skip
TOOLS = ({"name": "weather", "description": "", "parameters": SCHEMA}, {"name": "clock", "parameters": {}})


async def finished(studio: Studio, asked: ModelRequest) -> Generation:
    _, generation = studio.generate(asked)
    async for _ in generation.read():
        pass
    return generation


def made(turns: tuple[Turn, ...] = USER, trouble: Trouble | None = None, **asked: Any) -> Generation:
    """The answer to this request, when it is over."""
    studio = Studio(pace=AT_ONCE, words=30, hostile=0.1, trouble=trouble or Trouble())
    return asyncio.run(finished(studio, ModelRequest(turns, **asked)))


def kinds(parts: list[Part]) -> list[type]:
    return [kind for kind, _ in itertools.groupby(type(part) for part in parts)]


def test_a_question_alone_gets_what_the_studio_says() -> None:
    generation = made()
    assert generation.text == "".join(Studio(words=30, hostile=0.1).answer("Who are you?"))
    assert (generation.state, generation.ending, generation.reason) == ("finished", "finished", "stop")


def test_history_and_system_prompt_change_the_answer_and_the_same_give_the_same() -> None:
    system, history = Turn("system", "Be brief."), (Turn("user", "Hi"), Turn("assistant", "Hello"))
    texts = [made(turns).text for turns in (USER, (system, *USER), history + USER, (*history, *USER))]
    assert len(set(texts)) == 3 and texts[2] == texts[3]
    assert made(settings={"seed": 7}).text not in texts


def test_max_tokens_counts_the_reasoning_too_and_ends_for_its_length() -> None:
    whole = made(reasoning=True)
    assert kinds(whole.parts) == [Reasoning, Text, Finish]
    for most in (1, 5, whole.token_count - 1):
        cut = made(reasoning=True, max_tokens=most)
        assert cut.token_count == most and cut.ending == "length" and cut.reason == "length"
        assert cut.parts[:-1] == whole.parts[:most]
    assert made(reasoning=True, max_tokens=whole.token_count).ending == "finished"


def test_it_ends_before_a_stop_text_wherever_that_stands() -> None:
    whole = made().text
    for start in range(1, 60, 7):
        stop = whole[start : start + 12]
        generation = made(stop=("never said", stop))
        assert generation.text == whole[: whole.index(stop)]
        assert generation.ending == "finished" and generation.parts[-1] == StoppedBefore("finished", "stop", 0, stop)
    assert cut_before(["ab", "", "c"], ("abc",)) == ([], "abc")


def test_several_choices_come_in_turns_each_whole_and_of_its_own() -> None:
    generation = made(choices=3)
    choices = gather(generation.parts, 3)
    assert len({choice.text for choice in choices.values()}) == 3
    assert choices[0].text == generation.text == made().text
    order = [part.choice for part in generation.parts]
    assert len(list(itertools.groupby(order))) > 20  # interleaved
    assert all(choice.finish and choice.finish.reason == "stop" for choice in choices.values())
    assert made(choices=2, max_tokens=4).token_count == 8


def test_a_tool_is_called_with_arguments_in_pieces_that_fit_its_schema() -> None:
    generation = made(tools=TOOLS)
    (call,) = gather(generation.parts)[0].calls.values()
    arguments = json.loads(call["arguments"])
    assert call["name"] == "weather" and call["id"].startswith("call_") and generation.ending == "tool_calls"
    assert list(arguments) == ["city", "unit", "days", "now", "more"]
    assert arguments["unit"] in "CF" and isinstance(arguments["days"], int) and isinstance(arguments["now"], bool)
    assert isinstance(arguments["more"][0]["deep"], str)
    pieces = [part.arguments for part in generation.parts if isinstance(part, ToolCall)]
    assert len(pieces) > 5 and pieces[0] == ""
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(pieces[1])


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"turns": (Turn("user", "weather and clock, please"),)}, ["weather", "clock"]),
        ({"turns": (Turn("user", "weather and clock"),), "settings": {"parallel_tool_calls": False}}, ["weather"]),
        ({"turns": (Turn("user", "what does the clock say?"),)}, ["clock"]),
        ({"settings": {"tool_choice": {"type": "function", "function": {"name": "clock"}}}}, ["clock"]),
        ({"settings": {"tool_choice": {"function": 7}}}, ["weather"]),
        ({"settings": {"tool_choice": "none"}}, []),
        ({"turns": (*USER, Turn("assistant", "", ({"id": "1"},)), Turn("tool", "sunny"))}, []),
    ],
)  # fmt: skip
def test_which_tools_are_called(asked: dict[str, Any], names: list[str]) -> None:
    generation = made(**{"tools": TOOLS, **asked})
    calls = gather(generation.parts)[0].calls
    assert [call["name"] for call in calls.values()] == names
    assert all(isinstance(json.loads(call["arguments"]), dict) for call in calls.values())
    assert generation.ending == ("tool_calls" if names else "finished")


@pytest.mark.parametrize("ending", ENDINGS_ON_PURPOSE)
def test_every_ending_can_be_had_on_purpose(ending: Any) -> None:
    generation = made(trouble=Trouble(ending=ending))
    assert generation.ending == ending
    assert generation.state == ("failed" if ending == "unfinished" else "finished")
    expected = {"refused": Refusal, "tool_calls": ToolCall}.get(ending, Text)
    assert isinstance(generation.parts[0], expected)
    if expected is Text:
        assert 0 < generation.token_count < made().token_count
        assert made(trouble=Trouble(ending=ending, ends_after=3)).token_count == 3


def test_a_call_is_small_however_wide_its_schema_is_and_however_many_tools_there_are() -> None:
    wide: dict[str, Any] = {"properties": {str(number): {"type": "string"} for number in range(5000)}}
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"type": "object", "properties": {"x": deep}}
    turns = (Turn("user", "t0 t1 t2 t3 t4 t5 t6 t7 t8 t9"),)
    tools = tuple({"name": f"t{number}", "parameters": schema} for number, schema in enumerate([wide, deep] * 5))
    generation = made(turns, tools=tools)
    calls = gather(generation.parts)[0].calls
    assert len(calls) == 8 and generation.ending == "tool_calls"
    assert len(json.loads(calls[0]["arguments"])) < 60 and calls[1]["arguments"].count("{") < 8


def test_an_ending_that_cannot_be_told_says_what_can() -> None:
    for ending, advice in (("failed", "error_after"), ("broken", "cut_after"), ("stopped", "it takes length, ")):
        with pytest.raises(LabError, match=advice):
            Trouble(ending=ending)  # type: ignore[arg-type]


def test_what_the_generator_does_not_use_is_noted() -> None:
    assert made(settings={"temperature": 1, "seed": 2}, ignored=("logprobs",)).notes == [
        "not used by this generator: logprobs, temperature"
    ]
    assert made().notes == []


def test_the_worst_of_several_choices_is_the_ending() -> None:
    async def parts() -> Any:
        yield "a"
        yield Finish("finished", "stop", 0)
        yield Finish("length", "max", 1)
        yield Finish("tool_calls", "tool_use", 2)

    async def main() -> tuple[Any, str]:
        generation = Generation(parts())
        async for _ in generation.read():
            pass
        return generation.ending, generation.reason

    assert asyncio.run(main()) == ("length", "max")
