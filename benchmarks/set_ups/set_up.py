"""What a set-up is: something that answers at a URL, and the cause that the doctor must name first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Address:
    """Where a running set-up is asked: the URL, and the server's own URL where it is compared with it."""

    url: str
    direct_url: str = ""


@dataclass(frozen=True)
class SetUp:
    """One set-up.

    Args:
        name: what it is, in words: "Flask behind gunicorn, one sync worker, a second reader".
        product: what stands in front of the reader: "Flask", "Apache 2.4", "raw bytes".
        causes: the causes that are right when they come first; () for a healthy one, where nothing may be raised
            above a note.
        run: gives a context manager that starts it and yields its Address. It raises LabError where the product is
            not installed: then it is skipped, and the table says so.
        remedy: the word of causes.toml (`where`) whose line must be offered first; "" where no product can be seen.
        options: arguments of examine() beyond the URL: seconds, headers, content, origin, verify.
    """

    name: str
    product: str
    causes: tuple[str, ...]
    run: Callable[[], AbstractAsyncContextManager[Address]]
    remedy: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
