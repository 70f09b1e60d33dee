"""Who holds events back, for how long, and what cures it: measured on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import product

from labkit.client import watch
from labkit.lab.jupyter_proxy import jupyter_proxy
from labkit.lab.ticking import Ticks, cured, ticking
from labkit.proxy import Nginx, ProxySetup, find_nginx, front, nginx
from labkit.proxy.nginx import nginx_name, wheel_nginx
from labkit.recording import Lags, Recording, Repeated, lags, repeated

AT_ONCE = 4  # set-ups that run at the same time: more would measure each other
LONGEST_S = 20.0

#: Lines that cheat sheets for event streams recommend. Each stands here alone, in a location that buffers.
CHEAT_SHEET = (
    "add_header X-Accel-Buffering no;",
    "proxy_set_header X-Accel-Buffering no;",
    "chunked_transfer_encoding off;",
    "proxy_cache off;",
    "tcp_nodelay on;",
    "proxy_request_buffering off;",
    "proxy_max_temp_file_size 0;",
    'proxy_http_version 1.1; proxy_set_header Connection "";',
    "proxy_buffering off;",
)


async def record_ticks(ticks: Ticks | None = None, *setups: ProxySetup, accept: str = "text/event-stream") -> Recording:
    """What a client records of these ticks behind these proxies, the first one next to the server; none: directly."""
    async with ticking(ticks) as url:
        return await _through(url, setups, accept)


async def _through(url: str, setups: Sequence[ProxySetup], accept: str) -> Recording:
    if not setups:
        return await watch(url, LONGEST_S, verify=False, headers={"Accept": accept, "Accept-Encoding": "gzip"})
    with await asyncio.to_thread(front, url, setups[0]) as proxy:
        return await _through(proxy.url, setups[1:], accept)


async def arrivals(ticks: Ticks | None = None, *setups: ProxySetup) -> Lags:
    """When these ticks were sent, and when they arrived."""
    return lags(await record_ticks(ticks, *setups))


async def arrivals_by_case(cases: Mapping[str, tuple[Ticks, Sequence[ProxySetup]]]) -> dict[str, Lags]:
    """The arrivals of each case, by name; a few cases at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def measured_run(ticks: Ticks, setups: Sequence[ProxySetup]) -> Lags:
        async with gate:
            return await arrivals(ticks, *setups)

    done = await asyncio.gather(*(measured_run(*case) for case in cases.values()))
    return dict(zip(cases, done, strict=True))


async def lag_by_size(
    sizes: Sequence[int] = (64, 128, 256, 512, 1024, 2048),
    interval_s: float = 0.01,
    buffer_bytes: int = 4096,
    repetitions: int = 3,
) -> dict[int, Repeated]:
    """The longest lag behind an nginx that speaks HTTP/1.0 to the origin, by event size: one run after another.

    Each run is long enough for three full buffers.
    """
    setup = Nginx(to_origin="1.0", buffer_bytes=buffer_bytes)

    async def run(size: int) -> float:
        count = max(12, 3 * buffer_bytes // size)
        return (await arrivals(Ticks(count, interval_s, size), setup)).longest_s

    rounds = [await asyncio.gather(*(run(size) for size in sizes)) for _ in range(repetitions)]
    return {size: Repeated(tuple(done[place] for done in rounds)) for place, size in enumerate(sizes)}


def how_much_longer(by_size: Mapping[int, Repeated]) -> str:
    """How much longer the smallest events wait than the largest; or that the runs disagree too much to tell.

    A ratio is no better than the worse of its two sides: neither may have runs that lie apart by half of its median.
    """
    small, large = min(by_size), max(by_size)
    sides = (by_size[small], by_size[large])
    if any(max(side.runs_s) - min(side.runs_s) > side.median_s / 2 for side in sides):
        return "Small events wait longer; this machine was too busy to tell by how much"
    times = sides[0].median_s / sides[1].median_s
    return f"Events {large // small} times smaller wait {times:.0f} times longer"


async def remedies(ticks: Ticks | None = None, repetitions: int = 1) -> dict[str, dict[str, Repeated]]:
    """Median lags for each HTTP version to the origin, plain, over TLS, with gzip and with both; by remedy."""
    chosen = ticks or Ticks(count=16, interval_s=0.05)
    free = cured(chosen)
    cases: dict[tuple[str, str], tuple[Ticks, Sequence[ProxySetup]]] = {}
    for version, tls, gzip in product(("1.0", "1.1"), (False, True), (False, True)):
        row = f"HTTP/{version} to the server{', TLS' * tls}{', gzip' * gzip}"
        as_it_is = Nginx(to_origin="1.0" if version == "1.0" else "1.1", tls=tls, gzip=gzip)
        off = Nginx(to_origin=as_it_is.to_origin, tls=tls, gzip=gzip, buffering=False)
        cases[row, "nothing"] = (chosen, [as_it_is])
        cases[row, "X-Accel-Buffering: no"] = (free, [as_it_is])
        cases[row, "proxy_buffering off"] = (chosen, [off])
    runs = [await arrivals_by_case({"\0".join(key): case for key, case in cases.items()}) for _ in range(repetitions)]
    table: dict[str, dict[str, Repeated]] = {}
    for row, remedy in cases:
        table.setdefault(row, {})[remedy] = repeated([run[f"{row}\0{remedy}"] for run in runs])
    return table


async def cheat_sheet(directives: Sequence[str] = CHEAT_SHEET) -> dict[str, Lags] | None:
    """What each line does alone in a real nginx that speaks HTTP/1.0 to the origin; None without an nginx."""
    path = find_nginx()
    if path is None:
        return None
    ticks = Ticks(count=12, interval_s=0.05)

    async def run_with(directive: str) -> Lags:
        own = "proxy_http_version" in directive
        setup = Nginx(to_origin=None if own else "1.0", directives=(directive,))
        async with ticking(ticks) as url:
            with await asyncio.to_thread(nginx, url, setup, program=path) as proxy:
                return lags(await watch(proxy.url, LONGEST_S))

    return {directive: await run_with(directive) for directive in directives}


async def as_they_come() -> dict[str, Lags]:
    """What each nginx here does with nothing configured, then with TLS, and with gzip; empty without one."""
    paths = {path: nginx_name(path) for path in (find_nginx(), wheel_nginx()) if path is not None}
    setups = {"as it comes": Nginx(), "TLS": Nginx(tls=True), "gzip": Nginx(gzip=True)}

    async def run_through(path: str, setup: Nginx) -> Lags:
        async with ticking(Ticks(count=12, interval_s=0.05)) as url:
            with await asyncio.to_thread(nginx, url, setup, program=path) as proxy:
                headers = {"Accept-Encoding": "gzip"}
                return lags(await watch(proxy.url, LONGEST_S, verify=False, headers=headers))

    found: dict[str, Lags] = {}
    for path, name in paths.items():
        runs = await asyncio.gather(*(run_through(path, setup) for setup in setups.values()))
        found |= {f"{name}, {kind}": run for kind, run in zip(setups, runs, strict=True)}
    return found


async def accept_matters(ticks: Ticks | None = None) -> dict[str, Lags]:
    """The arrivals through jupyter-server-proxy, by the Accept header that was sent."""
    async with ticking(ticks or Ticks(count=20, interval_s=0.05)) as url, jupyter_proxy() as through:
        found = {}
        for accept in ("text/event-stream", "*/*"):
            found[accept] = lags(await watch(through(url), LONGEST_S, headers={"Accept": accept}))
        return found


async def record_twice(cache: bool = True) -> tuple[Recording, Recording] | None:
    """What two clients get, one after the other, behind an nginx that caches; None without an nginx."""
    path = find_nginx()
    if path is None:
        return None
    setup = Nginx(to_origin="1.1", cache_s=60) if cache else Nginx(to_origin="1.1")
    async with ticking(Ticks(count=12, interval_s=0.1)) as url:
        with await asyncio.to_thread(nginx, url, setup, program=path) as proxy:
            return await watch(proxy.url, LONGEST_S), await watch(proxy.url, LONGEST_S)
