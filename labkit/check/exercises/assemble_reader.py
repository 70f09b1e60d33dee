"""The solution of the exercise assemble, and a right reader in parts that a trap can change."""

from __future__ import annotations

import json
from typing import Any, ClassVar

Events = list[tuple[str, str]]
TextAndEnding = tuple[str, str]

#: What each reason means, in the lab's words (labkit.dialects.Ending). OpenAI's are those of `finish_reason` in
#: "The chat completion chunk object", Anthropic's those of "Handling stop reasons".
ENDINGS = {
    "stop": "finished", "end_turn": "finished", "stop_sequence": "finished",
    "length": "length", "max_tokens": "length", "model_context_window_exceeded": "length",
    "content_filter": "filtered", "refusal": "refused",
    "tool_calls": "tool_calls", "tool_use": "tool_calls", "pause_turn": "paused",
}  # fmt: skip


# The formatter would give each reason a line of its own.
# fmt: off
def assemble(events: list[tuple[str, str]]) -> tuple[str, str]:
    """The answer's text, and how it ended."""
    import json

    endings = {"stop": "finished", "end_turn": "finished", "stop_sequence": "finished", "length": "length",
               "max_tokens": "length", "model_context_window_exceeded": "length", "content_filter": "filtered",
               "refusal": "refused", "tool_calls": "tool_calls", "tool_use": "tool_calls", "pause_turn": "paused"}
    text, reason, refused, marked = "", "", False, False
    for _, data in events:
        if data.strip() == "[DONE]":
            marked = True
            break
        if not data:
            continue  # a sign of life
        value = json.loads(data)
        if value.get("error"):
            return text, "failed"
        marked = marked or value.get("type") == "message_stop"
        for choice in value.get("choices") or []:
            if choice["index"] == 0:
                content = choice["delta"].get("content") or ""
                if isinstance(content, list):
                    content = "".join(part["text"] for part in content if part["type"] == "text")
                text += content
                refused = refused or bool(choice["delta"].get("refusal"))
                reason = choice.get("finish_reason") or reason
        delta = value.get("delta") or {}
        if delta.get("type") == "text_delta":
            text += delta["text"]
        reason = delta.get("stop_reason") or reason
    ending = "finished" if marked else "unfinished"
    if reason:
        ending = endings.get(reason, "other")
    return text, "refused" if refused and ending == "finished" else ending
# fmt: on


class AnswerReader:
    """The right reader of an answer, in parts that a trap can change. `sentence` names the mistake."""

    sentence: ClassVar[str]

    def read(self, events: Events) -> TextAndEnding:
        self.text, self.reason, self.refused, self.marked = "", "", False, False
        for kind, data in events:
            if self.is_mark(data):
                self.marked = True
                return self.answer()
            if self.says_nothing(data):
                continue
            value = json.loads(data)
            if self.is_error(kind, value):
                return self.failed(value)
            if self.is_stop(value):
                self.marked = True
                return self.answer()
            self.take(value)
        return self.answer()

    def is_mark(self, data: str) -> bool:
        return data.strip() == "[DONE]"

    def says_nothing(self, data: str) -> bool:
        return not data

    def is_error(self, kind: str, value: dict[str, Any]) -> bool:
        return bool(value.get("error"))

    def is_stop(self, value: dict[str, Any]) -> bool:
        return value.get("type") == "message_stop"

    def failed(self, value: dict[str, Any]) -> TextAndEnding:
        return self.text, "failed"

    def take(self, value: dict[str, Any]) -> None:
        self.take_openai(value)
        self.take_anthropic(value)

    def take_openai(self, value: dict[str, Any]) -> None:
        for choice in self.choices(value):
            if self.has_text(choice):
                self.add(self.said(choice["delta"]))
                self.refused = self.refused or self.refuses(choice["delta"])
            if self.has_reason(choice):
                self.reason = choice.get("finish_reason") or self.reason

    def choices(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        return value.get("choices") or []

    def has_text(self, choice: dict[str, Any]) -> bool:
        return bool(choice["index"] == 0)

    def has_reason(self, choice: dict[str, Any]) -> bool:
        return bool(choice["index"] == 0)

    def said(self, delta: dict[str, Any]) -> str:
        content = delta.get("content") or ""
        return self.parts(content) if isinstance(content, list) else content

    def refuses(self, delta: dict[str, Any]) -> bool:
        return bool(delta.get("refusal"))

    def parts(self, content: list[dict[str, Any]]) -> str:
        return "".join(part["text"] for part in content if part["type"] == "text")

    def take_anthropic(self, value: dict[str, Any]) -> None:
        delta = value.get("delta") or {}
        self.add(self.said_by_anthropic(delta))
        self.reason = delta.get("stop_reason") or self.reason

    def said_by_anthropic(self, delta: dict[str, Any]) -> str:
        return str(delta["text"]) if delta.get("type") == "text_delta" else ""

    def add(self, piece: str) -> None:
        self.text += piece

    def answer(self) -> TextAndEnding:
        ending = self.ending()
        return self.text, "refused" if self.refused and ending == "finished" else ending

    def ending(self) -> str:
        return self.meaning(self.reason) if self.reason else self.without_reason()

    def meaning(self, reason: str) -> str:
        return ENDINGS.get(reason, "other")

    def without_reason(self) -> str:
        return "finished" if self.marked else "unfinished"
