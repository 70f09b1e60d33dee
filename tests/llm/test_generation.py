"""An answer apart from its readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from labkit.clock import VirtualClock
from labkit.errors import LabError
from labkit.llm import Generation, Pace, Studio, Trouble


async def slowly(clock: VirtualClock, count: int = 10, fails_at: int | None = None) -> AsyncIterator[str]:
    for number in range(count):
        await clock.sleep_s(1.0)
        if number == fails_at:
            raise ValueError("out of words")
        yield f"{number} "


async def passes(clock: VirtualClock, seconds: float) -> None:
    """Time goes by, and everybody does what is due."""
    for step in [1.0] * int(seconds) + [seconds % 1]:
        for _ in range(5):
            await asyncio.sleep(0)
        await clock.advance_s(step)
    for _ in range(5):
        await asyncio.sleep(0)


async def read(generation: Generation, last_event_id: str = "", enough: int | None = None) -> tuple[str, str]:
    """The text that was read, and the last id."""
    text, last = "", last_event_id
    tokens = generation.read(last_event_id)
    async for token in tokens:
        text, last = text + token.text, token.id
        enough = None if enough is None else enough - 1
        if enough == 0:
            break
    await tokens.aclose()
    return text, last


def test_a_hundred_readers_cost_one_generation() -> None:
    async def main() -> None:
        clock = VirtualClock()
        generation = Generation(slowly(clock), clock=clock)
        reading = [asyncio.create_task(read(generation)) for _ in range(100)]
        await asyncio.sleep(0)
        assert generation.readers == 100
        await passes(clock, 20)
        assert {text for text, _ in await asyncio.gather(*reading)} == {"0 1 2 3 4 5 6 7 8 9 "}
        assert generation.token_count == 10 and generation.state == "finished" and generation.readers == 0
        assert (await read(generation))[0] == generation.text  # and one who comes when it is over

    asyncio.run(main())


@pytest.mark.parametrize("cut_after", range(1, 10))
def test_a_reader_who_comes_back_gets_each_token_once(cut_after: int) -> None:
    async def main() -> None:
        clock = VirtualClock()
        generation = Generation(slowly(clock), clock=clock)
        first = asyncio.create_task(read(generation, enough=cut_after))
        await passes(clock, cut_after)
        before, last = await first
        await passes(clock, 2)  # two more are made meanwhile
        second = asyncio.create_task(read(generation, last))
        await passes(clock, 20)
        after, _ = await second
        assert before + after == generation.text and generation.token_count == 10

    asyncio.run(main())


def test_cancel_stops_the_making_and_the_bill() -> None:
    async def main() -> None:
        clock = VirtualClock()
        generation = Generation(slowly(clock), clock=clock)
        reading = asyncio.create_task(read(generation))
        await passes(clock, 3)
        generation.cancel("the reader pressed stop")
        assert (await reading)[0] == "0 1 2 "
        await passes(clock, 20)
        assert (
            generation.token_count == 3
            and generation.state == "cancelled"
            and generation.why == "the reader pressed stop"
        )
        generation.cancel("again")
        assert generation.why == "the reader pressed stop"

    asyncio.run(main())


def test_nobody_reads_and_it_stops_unless_somebody_comes_back_in_time() -> None:
    async def main() -> None:
        clock = VirtualClock()
        left, returned = (Generation(slowly(clock, 30), abandoned_after_s=5.0, clock=clock) for _ in range(2))
        readers = [asyncio.create_task(read(one, enough=2)) for one in (left, returned)]
        await passes(clock, 2)
        last = (await asyncio.gather(*readers))[1][1]
        await passes(clock, 3)
        coming_back = asyncio.create_task(read(returned, last))
        await asyncio.sleep(0)
        await passes(clock, 40)
        assert left.state == "cancelled" and left.token_count <= 7 and "nobody has read for 5 s" in left.why
        assert returned.state == "finished" and returned.token_count == 30
        assert (await coming_back)[0].startswith("2 3 ")

    asyncio.run(main())


def test_a_failure_keeps_what_was_made() -> None:
    async def main() -> None:
        clock = VirtualClock()
        generation = Generation(slowly(clock, fails_at=4), clock=clock)
        reading = asyncio.create_task(read(generation))
        await passes(clock, 20)
        assert (await reading)[0] == "0 1 2 3 " and generation.state == "failed" and generation.why == "out of words"

    asyncio.run(main())


def test_a_heartbeat_is_due_only_where_nothing_came_for_so_long() -> None:
    async def main() -> None:
        clock = VirtualClock()
        generation = Generation(slowly(clock, 40), clock=clock)  # a token each second
        read: dict[float, list[int]] = {0.7: [], 1.5: [], 5.0: []}

        async def listen(every_s: float) -> None:
            async for token in generation.read_with_heartbeats(every_s):
                read[every_s].append(token is None)

        reading = [asyncio.create_task(listen(every_s)) for every_s in read]
        for _ in range(450):
            await passes(clock, 0.1)
        await asyncio.gather(*reading)
        assert read[0.7][:5] == [True, False, True, False, True] and sum(read[0.7]) == 40
        assert read[1.5] == read[5.0] == [False] * 40

    asyncio.run(main())


def test_what_makes_the_parts_is_closed_when_an_answer_is_too_long() -> None:
    closed: list[bool] = []

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield "x" * 400_000
        finally:
            closed.append(True)

    async def main() -> None:
        source = endless()  # kept: dropped, it would be closed by itself
        generation = Generation(source)
        async for _ in generation.read():
            pass
        await asyncio.sleep(0)
        assert generation.state == "failed" and closed == [True]

    asyncio.run(main())


def test_the_studio_answers_the_same_prompt_alike_and_at_its_pace() -> None:
    async def main() -> None:
        clock = VirtualClock()
        studio = Studio(pace=Pace(2.0, 10.0, 0.0), words=20, clock=clock, trouble=Trouble(error_after=3))
        _, generation = studio.generate("hello")
        await passes(clock, 1.9)
        assert generation.token_count == 0
        await passes(clock, 0.15)
        assert generation.token_count == 1
        await passes(clock, 5)
        assert generation.token_count == 3 and generation.why == "the model is overloaded"
        assert studio.answer("hello") == Studio(words=20).answer("hello") != studio.answer("hullo")
        for number in range(200):
            studio.generate(str(number))
        assert len(studio.generations) == 100

    asyncio.run(main())


def test_impossible_paces_are_refused() -> None:
    for bad in ((-1, 1, 0), (0, 0, 0), (0, 1, 2)):
        with pytest.raises(LabError, match="impossible"):
            Pace(*bad)


def test_an_answer_that_is_forgotten_is_made_no_further() -> None:
    async def main() -> None:
        clock = VirtualClock()
        studio = Studio(pace=Pace(1.0, 1.0, 0.0), words=20, abandoned_after_s=None, clock=clock)
        _, oldest = studio.generate("the oldest")
        for number in range(100):
            studio.generate(str(number))
        assert oldest not in studio.generations.values()
        assert oldest.state == "cancelled" and "forgotten" in oldest.why
        made = oldest.token_count
        await passes(clock, 5)
        assert oldest.token_count == made, "it is billed, and nobody can read it or stop it any more"
        assert studio.newest.token_count > 0

    asyncio.run(main())
