"""The routes of a server of language models."""

from __future__ import annotations

from labkit.llm import answers, anthropic, gemini, ollama, openai, responses
from labkit.llm.answers import Answers, CutAnswer
from labkit.llm.dialect_handlers import ChatCompletions, Messages, Models, OllamaChat
from labkit.llm.gemini_handlers import GenerateContent, StreamGenerateContent
from labkit.llm.model_handler import ModelHandler
from labkit.llm.responses_handlers import CancelResponse, Responses, StoredResponse
from labkit.llm.studio import Studio
from labkit.server.site import Routes

PATHS: dict[str, type[ModelHandler]] = {
    openai.PATH: ChatCompletions,
    "/v1/models": Models,
    anthropic.PATH: Messages,
    ollama.PATH: OllamaChat,
    responses.PATH: Responses,
    responses.ONE_PATH: StoredResponse,
    responses.CANCEL_PATH: CancelResponse,
    gemini.PATH: GenerateContent,
    gemini.STREAM_PATH: StreamGenerateContent,
    gemini.V1_PATH: GenerateContent,
    gemini.V1_STREAM_PATH: StreamGenerateContent,
    answers.PATH: Answers,
    answers.CUT_PATH: CutAnswer,
}


def model_routes(studio: Studio) -> Routes:
    """The routes of the five model APIs, and of answers that outlive their connection, all served by this studio."""
    return {path: (handler, {"studio": studio}) for path, handler in PATHS.items()}
