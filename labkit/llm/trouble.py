"""What goes wrong on purpose, and how an answer is made to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labkit.dialects import Ending
from labkit.errors import LabError

#: How an error looks that comes under status 200 in the dialect of OpenAI's chat completions. "object": an event
#: {"error": …} ends the stream. "beside choices": a chunk with an error beside its choices and finish_reason "error",
#: as OpenRouter sends it. "then [DONE]": the object, and then the end mark, as vLLM sends it.
ErrorShape = Literal["object", "beside choices", "then [DONE]"]

ENDINGS_ON_PURPOSE = ("length", "filtered", "refused", "tool_calls", "paused", "other", "unfinished")


class ModelFailed(LabError):
    """The model failed in the middle of an answer. `ending` tells a failure from an answer that is not finished."""

    def __init__(self, message: str, ending: Ending = "failed") -> None:
        super().__init__(message)
        self.ending: Ending = ending


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong on purpose.

    Args:
        status: the status to send instead of an answer; 0 sends the answer.
        retry_after_s: the Retry-After header of such a response.
        error_after: the number of tokens after which the model fails; None: never.
        cut_after: the number of tokens after which the connection is cut, in the middle of an event; None: never.
        ending: how the answer ends: "length", "filtered", "refused", "tool_calls", "paused", "other", or "unfinished",
            where the stream ends in good order without a reason or an end mark. None: as the request has it.
        ends_after: the number of tokens after which it ends so; None: half of the answer.
        error_shape: how an error looks under status 200 in the dialect of OpenAI's chat completions. The other
            dialects have one shape each.
        end_mark: whether the answer's end mark is sent ([DONE], message_stop, response.completed, "done": true).

    Raises:
        LabError: an answer cannot be made to end so.
    """

    status: int = 0
    retry_after_s: int = 2
    error_after: int | None = None
    cut_after: int | None = None
    ending: Ending | None = None
    ends_after: int | None = None
    error_shape: ErrorShape = "object"
    end_mark: bool = True

    def __post_init__(self) -> None:
        if self.ending in (None, "finished", *ENDINGS_ON_PURPOSE):
            return
        instead = {"failed": "error_after=5", "broken": "cut_after=5"}.get(self.ending or "")
        advice = f"say {instead} for that" if instead else f"it takes {', '.join(ENDINGS_ON_PURPOSE)}"
        raise LabError(f"ending={self.ending!r}: an answer cannot be told to end so; {advice}")
