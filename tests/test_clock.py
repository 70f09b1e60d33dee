from __future__ import annotations

import asyncio

from labkit.clock import SYSTEM_CLOCK, ImpatientClock, VirtualClock


def test_the_system_clock_moves() -> None:
    before = SYSTEM_CLOCK.now_s()
    asyncio.run(SYSTEM_CLOCK.sleep_s(0.001))
    assert SYSTEM_CLOCK.now_s() > before


def test_the_virtual_clock_wakes_sleepers_in_order_at_their_times() -> None:
    async def main() -> None:
        clock, woken = VirtualClock(), []

        async def sleeper(seconds: float) -> None:
            await clock.sleep_s(seconds)
            woken.append((seconds, clock.now_s()))

        sleepers = [asyncio.create_task(sleeper(seconds)) for seconds in (3, 1, 2, 9, 1)]
        await asyncio.sleep(0)
        assert (clock.sleeps, clock.now_s()) == ([3, 1, 2, 9, 1], 0)
        await clock.advance_s(0.5)
        assert woken == []
        await clock.advance_s(2.5)
        assert woken == [(1, 1), (1, 1), (2, 2), (3, 3)]
        assert clock.now_s() == 3
        sleepers[3].cancel()
        await clock.advance_s(10)
        assert len(woken) == 4

    asyncio.run(main())


def test_the_virtual_clock_wakes_who_sleeps_again_on_the_way() -> None:
    async def main() -> None:
        clock, ticks = VirtualClock(), []

        async def ticker() -> None:
            while True:
                await clock.sleep_s(1)
                ticks.append(clock.now_s())

        task = asyncio.create_task(ticker())
        await asyncio.sleep(0)
        await clock.advance_s(3)
        assert ticks == [1, 2, 3]
        task.cancel()

    asyncio.run(main())


def test_the_impatient_clock_does_not_wait_and_time_goes_on() -> None:
    async def main() -> None:
        clock = ImpatientClock()
        await clock.sleep_s(3600)
        await clock.sleep_s(1)
        assert (clock.sleeps, clock.now_s()) == ([3600, 1], 3601)

    asyncio.run(main())
