"""The same stream behind six products: as they come, when they compress, and with one line changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.client import watch
from labkit.errors import LabError, counted
from labkit.lab.lesson_06.claims import is_held
from labkit.lab.ticking import Ticks, ticking
from labkit.proxy import PRODUCTS, Apache, Caddy, Envoy, Front, HAProxy, Nginx, ProxySetup, Varnish, front
from labkit.recording import Lags, lags

AS_IT_COMES, COMPRESSING, CHANGED = "as it comes", "compressing", "one line changed"

_CHOOSY = "encode {\n    gzip\n    match header Content-Type text/html*\n  }"

#: For each product: with nothing configured; told to compress event streams; and with the line that frees them.
SIX: Mapping[str, tuple[ProxySetup, ProxySetup, ProxySetup | None, str]] = {
    "nginx": (Nginx(), Nginx(gzip=True), Nginx(gzip=True, buffering=False), "proxy_buffering off;"),
    "HAProxy": (HAProxy(), HAProxy(compression=True), HAProxy(compression=True, no_delay=True), "option http-no-delay"),
    "Apache": (Apache(), Apache(deflate=True), None, ""),
    # Before 2.9 Caddy did not flush what it compresses. Source: its pull request 6471; 2.6.2, 2.8.4, 2.9.1 measured.
    "Caddy": (Caddy(), Caddy(encode=True), Caddy(directives=(_CHOOSY,)), "match header Content-Type text/html*"),
    "Varnish": (Varnish(), Varnish(gzip=True), Varnish(gzip=True, way="pipe"), "return (pipe);"),
    "Envoy": (Envoy(), Envoy(compressor=True), None, ""),
}
#: Larger than the 512 bytes below which Caddy compresses nothing.
TICKS = Ticks(count=20, interval_s=0.05, size_bytes=600)
LONGEST_S = 6.0


@dataclass(frozen=True)
class SixProducts:
    """What came through each product that is on this machine.

    `runs` are by set-up ("as it comes", "compressing", "one line changed"), then by the product's name and version; the
    line is changed only where something held. `lines` are those lines, `missing` says how to get what is not here.
    """

    runs: Mapping[str, Mapping[str, Lags]]
    lines: Mapping[str, str]
    missing: Mapping[str, str]

    def held(self, kind: str) -> list[str]:
        """The products that hold events back, without their versions."""
        return [name.split()[0] for name, run in self.runs[kind].items() if is_held(run)]

    @property
    def finding(self) -> str:
        """How many of them hold, in a sentence."""
        count = len(self.runs[AS_IT_COMES])
        if not count:
            return "None of the six products is on this machine"
        now, then, after = (len(self.held(kind)) or "none" for kind in (AS_IT_COMES, COMPRESSING, CHANGED))
        changed = f", {after} with one line changed" if self.runs[CHANGED] else ""
        return f"Of {counted(count, 'product')}, {now} hold events back as they come, {then} compressing{changed}"

    def __repr__(self) -> str:
        rows = []
        for name, run in self.runs[AS_IT_COMES].items():
            row = f"{name:<15} as it comes: {_word(run)}   compressing: {_word(self.runs[COMPRESSING][name])}"
            if name in self.runs[CHANGED]:
                row += f"   {self.lines[name]} {_word(self.runs[CHANGED][name])}"
            rows.append(row)
        return "\n".join([*rows, *(f"{name:<15} is missing: {advice}" for name, advice in self.missing.items())])


def _word(run: Lags) -> str:
    return "held" if is_held(run) else "live"


async def six_products(ticks: Ticks = TICKS) -> SixProducts:
    """The same stream through all that are on this machine, each in up to three set-ups, all at the same time.

    A product that is here and does not start is among the missing, with what it says.
    """
    names, missing = _here()
    cases = {
        (kind, key): setup
        for key in names
        for kind, setup in zip((AS_IT_COMES, COMPRESSING, CHANGED), SIX[key][:3], strict=True)
        if setup is not None
    }
    results = dict(zip(cases, await _through_all(list(cases.values()), ticks), strict=True))
    missing |= {key: str(result) for (_, key), result in results.items() if isinstance(result, LabError)}
    found: dict[str, dict[str, Lags]] = {AS_IT_COMES: {}, COMPRESSING: {}, CHANGED: {}}
    lines: dict[str, str] = {}
    for (kind, key), run in results.items():
        if key in missing or isinstance(run, LabError):
            continue
        name = names[key]
        if kind == CHANGED:
            if not (is_held(found[AS_IT_COMES][name]) or is_held(found[COMPRESSING][name])):
                continue  # nothing was held: there is nothing to change
            lines[name] = SIX[key][3]
        found[kind][name] = run
    return SixProducts(found, lines, missing)


def _here() -> tuple[dict[str, str], dict[str, str]]:
    """The products of this machine, with their versions; and those that are not, with how to get them."""
    names, missing = {}, {}
    for key, (setup, *_) in SIX.items():
        product = PRODUCTS[type(setup)]
        try:
            name = product.here()
        except LabError as problem:  # a program of this name that is another one
            missing[key] = str(problem)
            continue
        if name is None:
            missing[key] = product.advice
        else:
            names[key] = name
    return names, missing


async def _through_all(setups: Sequence[ProxySetup], ticks: Ticks) -> list[Lags | LabError]:
    """What comes through each. All have started before the first stream begins: starting takes the processor."""
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(ticking(ticks))

        async def start(setup: ProxySetup) -> Front | LabError:
            try:
                proxy = await asyncio.to_thread(front, url, setup)
            except LabError as problem:
                return problem
            stack.callback(proxy.stop)
            return proxy

        async def run(proxy: Front | LabError) -> Lags | LabError:
            if isinstance(proxy, LabError):
                return proxy
            headers = {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}
            return lags(await watch(proxy.url, LONGEST_S, headers=headers))

        proxies = await asyncio.gather(*map(start, setups))
        return await asyncio.gather(*map(run, proxies))
