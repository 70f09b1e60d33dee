"""Whose line is offered first: what headers and the look of the body suggest. No cause is ever found by them.

Source: products.toml, from the products' own answers and their documentation.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlsplit

from labkit.doctor.causes import Remedy
from labkit.doctor.reason import readable_beginning
from labkit.recording import Recording

#: Words whose lines fit many frameworks.
LANGUAGES = frozenset({"Python", "JavaScript", "Node.js", "Java", "asyncio"})


@dataclass(frozen=True, slots=True)
class Product:
    """One product: the words of causes.toml for it, and the patterns by which it shows itself.

    `every` says that all of its headers must look so; else one is enough.
    """

    where: tuple[str, ...]
    headers: Mapping[str, re.Pattern[str]]
    body: re.Pattern[str] | None
    hosts: re.Pattern[str] | None
    every: bool = False

    def shows(self, recording: Recording, beginning: str) -> bool:
        """Whether a header of the answer, its host, or the beginning of its body looks like this product."""
        fits = [bool(pattern.search(recording.headers.get(name, ""))) for name, pattern in self.headers.items()]
        if fits and (all(fits) if self.every else any(fits)):
            return True
        if self.hosts is not None and self.hosts.search(urlsplit(recording.url).hostname or ""):
            return True
        return self.body is not None and bool(self.body.search(beginning))


@functools.cache
def known_products() -> tuple[Product, ...]:
    """All products, in the order of products.toml."""
    table = tomllib.loads(files("labkit.doctor").joinpath("products.toml").read_text("utf-8"))["product"]
    return tuple(
        Product(
            tuple(entry["where"]),
            {name: re.compile(pattern, re.I) for name, pattern in entry.get("headers", {}).items()},
            _compiled(entry.get("body")),
            _compiled(entry.get("hosts")),
            entry.get("every", False),
        )
        for entry in table
    )


def products_of(recording: Recording) -> tuple[str, ...]:
    """The words of causes.toml for what seems to be there, what stands at the edge first; often none."""
    beginning = readable_beginning(recording).decode("utf-8", "replace")
    found = [word for product in known_products() if product.shows(recording, beginning) for word in product.where]
    return tuple(sorted(dict.fromkeys(found), key=lambda word: word in LANGUAGES))  # what fits all comes last


def fitting_remedies(
    remedies: Sequence[Remedy], products: Sequence[str] = (), status: int | None = None
) -> tuple[Remedy, ...]:
    """The remedies in the order in which they are worth a try: for this status, for these products, the others.

    Args:
        remedies: the remedies of a cause, in the order of causes.toml.
        products: what products_of() says.
        status: the status of the answer. Remedies for other statuses are left out; None keeps all.
    """
    kept = [remedy for remedy in remedies if status is None or not remedy.statuses or status in remedy.statuses]

    def place(remedy: Remedy) -> tuple[bool, int]:
        for_product = products.index(remedy.where) if remedy.where in products else len(products)
        return not remedy.statuses, for_product

    return tuple(sorted(kept, key=place))


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern, re.I) if pattern else None
