"""The events of a streamed answer in the format of OpenAI's Responses.

Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labkit.dialects import Ending, Finish, Part, Reasoning, Refusal, Text, ToolCall
from labkit.llm.trouble import ErrorShape
from labkit.llm.writer import AnswerHead, Bill, DialectWriter, json_event

PATH = "/v1/responses"
ONE_PATH = "/v1/responses/{id}"
CANCEL_PATH = "/v1/responses/{id}/cancel"
#: Why a response is incomplete; with the other endings it is completed.
INCOMPLETE: Mapping[Ending, str] = {
    "length": "max_output_tokens", "filtered": "content_filter", "stopped": "cancelled",
}  # fmt: skip

ID_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc"}

Item = dict[str, Any]


class Response(DialectWriter):
    """One answer, as the events of its stream or as one JSON object.

    What it holds stands in items, one by one: reasoning (a summary of it), a message, tool calls. Each event has a
    number, from 0 on: the same parts give the same numbers, so that a reader resumes after one of them.

    Args:
        head: what the events repeat.
        background: whether it was asked for in the background.
        extras: what the request says and a response repeats.
        starting_after: the number of the event after which a reader resumes: those before it are not written.
    """

    def __init__(
        self,
        head: AnswerHead,
        background: bool = False,
        extras: Mapping[str, Any] | None = None,
        starting_after: int = -1,
    ) -> None:
        super().__init__(head)
        self._starting_after = starting_after
        self._background, self._extras = background, dict(extras or {})
        self._number = 0
        self._output: list[Item] = []
        self._open: tuple[object, Item] | None = None
        self._finish: Finish | None = None

    @property
    def id(self) -> str:
        """The id of the response."""
        return f"resp_{self.head.id}"

    def opening(self) -> bytes:
        started = self._event(
            "response.created", response=self.as_json("queued" if self._background else "in_progress")
        )
        if self._background:
            started += self._event("response.queued", response=self.as_json("queued"))
        return started + self._event("response.in_progress", response=self.as_json("in_progress"))

    def part(self, part: Part) -> bytes:
        match part:
            case Text(text, 0):
                opened = self._open_item("text", _message({"type": "output_text", "text": "", "annotations": []}))
                return opened + self._text("response.output_text.delta", "text", text, content_index=0, logprobs=[])
            case Refusal(text, 0):
                opened = self._open_item("refusal", _message({"type": "refusal", "refusal": ""}))
                return opened + self._text("response.refusal.delta", "refusal", text, content_index=0)
            case Reasoning(text, 0):
                opened = self._open_item("reasoning", {"type": "reasoning", "summary": []})
                return opened + self._text("response.reasoning_summary_text.delta", "text", text, summary_index=0)
            case ToolCall(number, id, name, arguments, 0):
                call = {"call_id": id, "name": name, "arguments": ""}
                opened = self._open_item(number, {"type": "function_call", "status": "in_progress", **call})
                return opened + self._arguments(arguments)
            case Finish(choice=0):
                self._finish = part
        return b""

    def closing(self, bill: Bill) -> bytes:
        return self._close_item()

    def end_mark(self, bill: Bill) -> bytes:
        reason = self._incomplete_reason()
        status = "incomplete" if reason else "completed"
        details = {"incomplete_details": {"reason": reason} if reason else None}
        return self._event(f"response.{status}", response=self.as_json(status, bill, **details))

    def failure(self, message: str, shape: ErrorShape) -> bytes:
        told = {"code": "server_error", "message": message}
        return self._close_item() + self._event("response.failed", response=self.as_json("failed", error=told))

    def whole(self, parts: Iterable[Part], bill: Bill) -> dict[str, Any]:
        for part in parts:
            self.write(part)
        self.closing(bill)
        reason = self._incomplete_reason()
        details = {"reason": reason} if reason else None
        return self.as_json("incomplete" if reason else "completed", bill, incomplete_details=details)

    def as_json(self, status: str, bill: Bill | None = None, **changes: Any) -> dict[str, Any]:
        """The response as a JSON object, with what is whole of its output."""
        counts = None if bill is None else response_usage(bill)
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.head.created,
            "status": status,
            "background": self._background,
            "error": None,
            "incomplete_details": None,
            "model": self.head.model,
            "output": list(self._output),
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": counts,
            **self._extras,
            **changes,
        }

    def _incomplete_reason(self) -> str:
        if self._finish is None or self._finish.ending in ("finished", "tool_calls"):
            return ""
        if self._finish.ending == "refused":  # in words it is an answer, without them a filter's work
            said = any(part.get("type") == "refusal" for item in self._output for part in item.get("content", ()))
            return "" if said else "content_filter"
        return INCOMPLETE.get(self._finish.ending, self._finish.reason)

    def _open_item(self, kind: object, item: Item) -> bytes:
        """The events that open an item of this kind, where it is not open: one is closed before."""
        if self._open is not None and self._open[0] == kind:
            return b""
        closed = self._close_item()
        item = {"id": f"{ID_PREFIXES[item['type']]}_{self.head.id}_{len(self._output)}", **item}
        content = item.get("content") or ()
        self._open = (kind, item)
        shown = {**item, "content": []} if content else item
        opened = self._item_event("response.output_item.added", item=shown)
        for part in content:
            opened += self._content_event("response.content_part.added", part)
        if kind == "reasoning":
            item["summary"].append({"type": "summary_text", "text": ""})
            opened += self._content_event("response.reasoning_summary_part.added", item["summary"][0], "summary_index")
        return closed + opened

    def _close_item(self) -> bytes:
        if self._open is None:
            return b""
        kind, item = self._open
        if "status" in item:
            item["status"] = "incomplete" if self._incomplete_reason() else "completed"
        if kind == "reasoning":
            part = item["summary"][0]
            done = self._item_event("response.reasoning_summary_text.done", text=part["text"], summary_index=0)
            done += self._content_event("response.reasoning_summary_part.done", part, "summary_index")
        elif kind in ("text", "refusal"):
            part = item["content"][0]
            extra: Item = {"logprobs": []} if kind == "text" else {}
            name = "response.output_text.done" if kind == "text" else "response.refusal.done"
            done = self._item_event(name, content_index=0, **{str(kind): part[str(kind)]}, **extra)
            done += self._content_event("response.content_part.done", part)
        else:
            told = {"name": item["name"], "arguments": item["arguments"]}
            done = self._item_event("response.function_call_arguments.done", **told)
        done += self._item_event("response.output_item.done", item=item)
        self._output.append(item)
        self._open = None
        return done

    def _text(self, name: str, key: str, text: str, **fields: Any) -> bytes:
        assert self._open is not None
        item = self._open[1]
        (item["summary"] if "summary" in item else item["content"])[0][key] += text
        return self._item_event(name, delta=text, **fields)

    def _arguments(self, arguments: str) -> bytes:
        assert self._open is not None
        self._open[1]["arguments"] += arguments
        return self._item_event("response.function_call_arguments.delta", delta=arguments) if arguments else b""

    def _item_event(self, name: str, /, **fields: Any) -> bytes:
        """An event of the open item, with its place among the others."""
        assert self._open is not None
        own_id = {} if "item" in fields else {"item_id": self._open[1]["id"]}
        return self._event(name, output_index=len(self._output), **own_id, **fields)

    def _content_event(self, name: str, part: Item, index_name: str = "content_index") -> bytes:
        return self._item_event(name, part=part, **{index_name: 0})

    def _event(self, name: str, /, **fields: Any) -> bytes:
        value = {"type": name, "sequence_number": self._number, **fields}
        self._number += 1
        if self._number - 1 <= self._starting_after:
            return b""
        return json_event(value, name)


def _message(part: Item) -> Item:
    return {"type": "message", "status": "in_progress", "role": "assistant", "content": [part]}


def response_usage(bill: Bill) -> dict[str, Any]:
    """The token counts of a response."""
    return {
        "input_tokens": bill.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": bill.answer_tokens,
        "output_tokens_details": {"reasoning_tokens": bill.reasoning_tokens},
        "total_tokens": bill.prompt_tokens + bill.answer_tokens,
    }
