"""Servers that stream answers in the formats of OpenAI, Anthropic, Ollama and Gemini, from a tiny text generator."""

from labkit.llm.generation import Generation, Token
from labkit.llm.pace import AT_ONCE, Pace
from labkit.llm.routes import model_routes
from labkit.llm.shared_answers import SharedAnswers
from labkit.llm.studio import MODEL, Studio
from labkit.llm.trouble import ModelFailed, Trouble
from labkit.llm.upstream import KEY_VARIABLE, Upstream, UpstreamFailed
from labkit.llm.wordchain import HOSTILE, WordChain, alice, split

__all__ = [
    "AT_ONCE", "HOSTILE", "KEY_VARIABLE", "MODEL", "Generation", "ModelFailed", "Pace", "SharedAnswers", "Studio",
    "Token", "Trouble", "Upstream", "UpstreamFailed", "WordChain", "alice", "model_routes", "split",
]  # fmt: skip
