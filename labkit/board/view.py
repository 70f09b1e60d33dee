"""What everybody who has the code may see of a class: the projector's page is in front of the whole room.

Votes are counted, and covered until the instructor lifts the cover; what was covered is not sent at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from labkit.board.state import ClassState, Entity, Learner, VotedQuestion


def entities(state: ClassState) -> list[Entity]:
    """All that is on the board."""
    everything: list[Entity] = [("learner", id) for id in state.learners]
    everything += [("question", key) for key in state.questions]
    everything += [("answer", key) for key in state.answers]
    return [*everything, ("notice", ""), ("chosen", "")]


def public(state: ClassState, entity: Entity) -> dict[str, Any]:
    """One thing on the board, as JSON values. What is no longer there is {"id": ..., "gone": True}."""
    sort, name = entity
    return _SORTS[sort](state, name)


def _learner(state: ClassState, id: str) -> dict[str, Any]:
    learner = state.learners[id]
    if learner.left or learner.removed:
        return {"id": id, "gone": True}
    attempt = learner.exercises.get(learner.exercise)
    passed = [name for name, one in learner.exercises.items() if one.passed_s is not None]
    return {
        "id": id, "name": learner.name, "number": learner.number, "here": learner.here, "joined_s": learner.joined_s,
        "lesson": learner.lesson, "lesson_since_s": learner.lesson_since_s, "passed": passed,
        "exercise": learner.exercise,
        "exercise_since_s": attempt.since_s if attempt else 0.0,
        "passed_s": attempt.passed_s if attempt else None,
        "tries": attempt.tries if attempt else 0,
        "level": attempt.level if attempt else 0,
        "levels": attempt.levels if attempt else 0,
        "guesses": sum(id in state.questions[key].votes for key in learner.questions),
    }  # fmt: skip


def _question(state: ClassState, key: str) -> dict[str, Any]:
    question = state.questions[key]
    if not question.asked:
        return {"id": key, "gone": True}
    shown: dict[str, Any] = {
        "id": key, "question": question.question, "choices": question.choices, "unit": question.unit,
        "lesson": question.lesson, "asked_s": question.asked_s, "asked": len(question.asked),
        "voted": len(question.votes), "lifted": question.lifted,
    }  # fmt: skip
    if question.lifted:
        shown |= {"votes": vote_counts(question), "measured": most_measured(question)}
    return shown


def vote_counts(question: VotedQuestion) -> dict[str, int]:
    """How often each answer was given: choices in their order, numbers and what else was typed by how often."""
    counts = Counter(guess.strip() for guess in question.votes.values())
    if question.choices:
        return {choice: counts[choice] for choice in question.choices}
    return dict(counts.most_common(12))


def most_measured(question: VotedQuestion) -> str:
    """What most of the room has measured; "" before the first."""
    return max(Counter(question.measured.values()).items(), key=lambda item: item[1], default=("", 0))[0]


def _answer(state: ClassState, key: str) -> dict[str, Any]:
    answer = state.answers.get(key)
    if answer is None:
        return {"id": key, "gone": True}
    name = state.learners[answer.learner].name
    code = {"code": answer.code} if answer.shown else {}
    return {"id": key, "learner": answer.learner, "name": name, "exercise": answer.exercise, **code}


def _notice(state: ClassState, _: str) -> dict[str, Any]:
    notice = state.notice
    names = _names(state, notice.hands)
    return {"id": notice.id, "text": notice.text, "at_s": notice.at_s, "hands": names}


def _names(state: ClassState, ids: Iterable[str]) -> list[str]:
    found: Iterable[Learner | None] = map(state.learners.get, ids)
    return [learner.name for learner in found if learner is not None and not learner.removed]


def _chosen(state: ClassState, _: str) -> dict[str, Any]:
    return {"id": state.chosen}


_SORTS: dict[str, Callable[[ClassState, str], dict[str, Any]]] = {
    "learner": _learner, "question": _question, "answer": _answer, "notice": _notice, "chosen": _chosen,
}  # fmt: skip
