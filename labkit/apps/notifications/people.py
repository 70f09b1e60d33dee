"""Who there is, and who is mentioned in a text."""

from __future__ import annotations

import re

from labkit.apps.requests import Values, text_in
from labkit.errors import LabError

#: There is no login: whoever opens the page says who they are. (Lesson 08 has what a real one needs.)
PEOPLE = ("alice", "bob", "carol")
MENTION = re.compile(r"(?<!\w)@(\w+)")


def person_in(values: Values) -> str:
    """Who asks: the name under "me".

    Raises:
        LabError: it is missing, or nobody here has that name.
    """
    return _known(text_in(values, "me"))


def mentioned(text: str) -> list[str]:
    """Whom a text mentions, each once, in the order of the text.

    Raises:
        LabError: nobody, or somebody who is not here.
    """
    names = list(dict.fromkeys(_known(name.lower()) for name in MENTION.findall(text)))
    if not names:
        raise LabError(f"nobody is mentioned. Write @ before a name: {', '.join(PEOPLE)}")
    return names


def _known(name: str) -> str:
    if name not in PEOPLE:
        raise LabError(f"there is no {name!r} here. There is: {', '.join(PEOPLE)}")
    return name
