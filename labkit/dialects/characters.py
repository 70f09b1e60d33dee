"""Text that comes in pieces, cut anywhere."""

from __future__ import annotations


def mended(text: str) -> str:
    """The text with its halves of characters joined: JSON can cut a surrogate pair, and UTF-8 cannot hold a half.

    A half without its other half becomes the replacement character.

    >>> mended("a" + "\\ud83d" + "\\ude00") == "a\\U0001f600", mended("\\ud83d")
    (True, '\\ufffd')
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class WholeCharacters:
    """Cuts text only between characters: a half at the end of one piece waits for the next."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """The text that is whole now; "" where it is half a character."""
        text = self._half + piece
        self._half = text[-1] if text and "\ud800" <= text[-1] <= "\udbff" else ""
        return mended(text.removesuffix(self._half) if self._half else text)

    def close(self) -> str:
        """What is left: the replacement character for a half that stayed alone, or ""."""
        half, self._half = self._half, ""
        return mended(half)
