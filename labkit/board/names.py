"""Names of learners, and the codes that let people in: short, easy to type, and not to be mistaken."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection

#: No letter that looks like another one or like a digit (B and 8, G and 6, I and 1, O and 0), and no vowels, so that no
#: code is a word. Six of them are 113 million codes.
LETTERS = "CDFHJKMNPQRTVWXYZ34679"
CODE_LENGTH = 6
MAX_NICKNAME = 20
#: The names that are offered to somebody who types none.
OFFERED = (
    "fox", "heron", "maple", "otter", "birch", "wren", "lynx", "willow", "badger", "swift", "hazel", "robin", "beaver",
    "alder", "finch", "marten", "rowan", "crane", "elm", "hare", "linden", "owl", "larch", "stoat", "aspen", "kite",
    "clover", "newt", "juniper", "vole", "ibis", "moss",
)  # fmt: skip
_DRAWS_ABOVE = frozenset({"Mn", "Me"})  # marks that stand on a letter; a pile of them covers the lines above


def new_code() -> str:
    """A code to type."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def read_code(text: str) -> str:
    """The code in what somebody typed: in capitals, without spaces and hyphens.

    >>> read_code(" kmp-r7t ")
    'KMPR7T'
    """
    return re.sub(r"[\s-]", "", text[:40]).upper()


def cleaned(text: str, lines: bool = False) -> str:
    """The text as it may stand on a screen: on one line, without characters that steer, are invisible, or reverse the
    writing, and without piles of marks on one letter. With `lines` it keeps its line ends and tabs.

    >>> cleaned("a\\u202eb\\x1b[2J\\nc")
    'ab[2J c'
    """
    text = unicodedata.normalize("NFC", text if lines else re.sub(r"\s+", " ", text))
    kept, marks = list[str](), 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _DRAWS_ABOVE else 0
        steers = category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and not (lines and character in "\n\t")
        if not steers and marks <= 2:
            kept.append(character)
    whole = "".join(kept)
    return whole if lines else whole.strip()


def nickname(text: str, taken: Collection[str]) -> str:
    """A name for the board, which nobody else has there: that text, cleaned and short; one of OFFERED for none.

    >>> nickname("  fox ", {"fox"}), nickname("\\u202e", ())
    ('fox 2', 'fox')
    """
    lower = {name.casefold() for name in taken}
    wanted = cleaned(text[:200])[:MAX_NICKNAME].strip()
    if not wanted:
        wanted = next((name for name in OFFERED if name not in lower), OFFERED[0])
    name, number = wanted, 2
    while name.casefold() in lower:
        name, number = f"{wanted} {number}", number + 1
    return name
