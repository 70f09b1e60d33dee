"""What a class looks like now: the sum of its moments. The same moments always give the same state."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from labkit.board.moments import Moment, question_key
from labkit.errors import LabError

#: A class of thirty has one screen; ten classes have one server. A learner who has said so much has said enough.
MAX_LEARNERS, MAX_MOMENTS, MAX_QUESTIONS, MAX_OWN_QUESTIONS = 300, 2000, 300, 60
MAX_EXERCISES, MAX_RESULTS, MAX_KEPT_IDS, MAX_LEARNER_BYTES = 60, 40, 500, 1_000_000

#: One thing on the board that has changed: its sort, and its own name.
Entity = tuple[str, str]


@dataclass(slots=True)
class ExerciseTry:
    """One learner's work on one exercise: when it began and was passed, and the names of the mistakes so far."""

    since_s: float
    tries: int = 0
    level: int = 0
    levels: int = 0
    passed_s: float | None = None
    mistakes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Learner:
    """Somebody on the board."""

    id: str
    name: str
    joined_s: float
    number: int
    lesson: str = ""
    lesson_since_s: float = 0.0
    exercise: str = ""
    exercises: dict[str, ExerciseTry] = field(default_factory=dict)
    questions: set[str] = field(default_factory=set)
    results: list[dict[str, Any]] = field(default_factory=list)
    seen: OrderedDict[str, None] = field(default_factory=OrderedDict)  # ids of messages
    moments: int = 0
    size_bytes: int = 0
    left: bool = False
    removed: bool = False
    here: bool = False  # not from the log: whether a stream of this learner is open


@dataclass(slots=True)
class VotedQuestion:
    """One `predict` of a lesson, the votes of the room, and what was measured."""

    key: str
    question: str
    choices: list[str]
    unit: str
    lesson: str
    asked_s: float
    asked: set[str] = field(default_factory=set)
    votes: dict[str, str] = field(default_factory=dict)
    measured: dict[str, str] = field(default_factory=dict)
    lifted: bool = False


@dataclass(slots=True)
class Notice:
    """The banner that each notebook shows; no text: none. `hands` are the learners who said "me"."""

    id: str = ""
    text: str = ""
    at_s: float = 0.0
    hands: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ShownAnswer:
    """An answer that a learner has sent by "show my answer". The projector has it when the instructor lifts it."""

    learner: str
    exercise: str
    code: str
    shown: bool = False


class BoardFull(LabError):
    """The board takes no more of something; the sentence says of what."""


class ClassState:
    """What a class looks like now. `learners`, `questions` and `answers` are by their names."""

    def __init__(self, moments: Iterable[Moment] = ()) -> None:
        self.learners: dict[str, Learner] = {}
        self.questions: dict[str, VotedQuestion] = {}
        self.answers: dict[str, ShownAnswer] = {}
        self.notice = Notice()
        self.chosen = ""
        self.commands: OrderedDict[str, None] = OrderedDict()
        for moment in moments:
            self.apply(moment)

    @property
    def present(self) -> list[Learner]:
        """The learners that the board shows, in the order in which they joined."""
        return [learner for learner in self.learners.values() if not (learner.left or learner.removed)]

    def knows(self, moment: Moment) -> bool:
        """Whether this message has come before."""
        learner = self.learners.get(moment.who)
        return moment.id in (learner.seen if learner else self.commands)

    def check_room(self, moment: Moment) -> None:
        """Checks that there is room for it.

        Raises:
            BoardFull: there is none.
        """
        if moment.kind == "join":
            if moment.who not in self.learners and len(self.learners) >= MAX_LEARNERS:
                raise BoardFull(f"this board has {MAX_LEARNERS} learners, and takes no more")
            return
        learner = self.learners.get(moment.who)
        if learner is None:
            return
        if learner.moments >= MAX_MOMENTS or learner.size_bytes >= MAX_LEARNER_BYTES:
            raise BoardFull("this learner has said enough for a day")
        if "question" in moment.facts and moment.kind != "result":
            key = _key(moment)
            full = len(self.questions) >= MAX_QUESTIONS or len(learner.questions) >= MAX_OWN_QUESTIONS
            if key not in learner.questions and full and key not in self.questions:
                raise BoardFull("the board has enough questions")
        if moment.kind == "check" and moment.facts["exercise"] not in learner.exercises:
            _check_below(len(learner.exercises), MAX_EXERCISES, "exercises")
        if moment.kind == "answer" and f"{learner.id} {moment.facts['exercise']}" not in self.answers:
            _check_below(sum(one.learner == learner.id for one in self.answers.values()), MAX_EXERCISES, "answers")

    def apply(self, moment: Moment) -> list[Entity]:
        """Adds one moment, and returns what has changed on the board. A message that came before changes nothing."""
        if moment.kind == "join":
            return self._join(moment)
        if moment.id and self.knows(moment):
            return []
        learner = self.learners.get(moment.who)
        if learner is None:
            _remember(self.commands, moment.id)
            command = getattr(self, f"_{moment.kind}", None)
            return command(moment) if command else []
        _remember(learner.seen, moment.id)
        learner.moments += 1
        learner.size_bytes += len(moment.text())
        lesson = moment.facts.get("lesson") or learner.lesson
        if lesson != learner.lesson:
            learner.lesson, learner.lesson_since_s = lesson, moment.at_s
        # A version of this program that wrote more kinds of moments may have used the same folder.
        act = getattr(self, f"_learner_{moment.kind}", None)
        return [("learner", learner.id), *(act(learner, moment) if act else [])]

    def _join(self, moment: Moment) -> list[Entity]:
        known = self.learners.get(moment.who)
        if known is not None:
            known.left = False
            known.name = moment.facts["name"]
        else:
            number = len(self.learners) + 1
            self.learners[moment.who] = Learner(moment.who, moment.facts["name"], moment.at_s, number)
        return [("learner", moment.who)]

    def _learner_leave(self, learner: Learner, moment: Moment) -> list[Entity]:
        learner.left = True
        return []

    def _learner_asked(self, learner: Learner, moment: Moment) -> list[Entity]:
        question = self._question(learner, moment)
        question.asked.add(learner.id)
        return [("question", question.key)]

    def _learner_guess(self, learner: Learner, moment: Moment) -> list[Entity]:
        question = self._question(learner, moment)
        question.asked.add(learner.id)
        guess = moment.facts["guess"]
        if guess:
            question.votes[learner.id] = guess
        else:
            question.votes.pop(learner.id, None)
        return [("question", question.key)]

    def _learner_measured(self, learner: Learner, moment: Moment) -> list[Entity]:
        question = self._question(learner, moment)
        question.measured[learner.id] = moment.facts["measured"]
        return [("question", question.key)]

    def _learner_check(self, learner: Learner, moment: Moment) -> list[Entity]:
        facts = moment.facts
        learner.exercise = facts["exercise"]
        attempt = learner.exercises.setdefault(facts["exercise"], ExerciseTry(moment.at_s))
        if attempt.passed_s is None:
            attempt.tries += 1
            attempt.level, attempt.levels = facts["level"], facts["levels"]
            if facts["passed"]:
                attempt.passed_s = moment.at_s
            elif facts["mistake"]:
                attempt.mistakes.append(facts["mistake"])
        return []

    def _learner_result(self, learner: Learner, moment: Moment) -> list[Entity]:
        kept = {name: moment.facts[name] for name in ("question", "unit", "medians")}
        learner.results = [*learner.results, kept][-MAX_RESULTS:]
        return []

    def _learner_hand(self, learner: Learner, moment: Moment) -> list[Entity]:
        if moment.facts["notice"] != self.notice.id or learner.id in self.notice.hands:
            return []
        self.notice.hands.append(learner.id)
        return [("notice", "")]

    def _learner_answer(self, learner: Learner, moment: Moment) -> list[Entity]:
        key = f"{learner.id} {moment.facts['exercise']}"
        self.answers[key] = ShownAnswer(learner.id, moment.facts["exercise"], moment.facts["code"])
        return [("answer", key)]

    def _notice(self, moment: Moment) -> list[Entity]:
        self.notice = Notice(moment.id, moment.facts["text"], moment.at_s)
        return [("notice", "")]

    def _lift(self, moment: Moment) -> list[Entity]:
        question = self.questions.get(moment.facts["key"])
        if question is None:
            return []
        question.lifted = moment.facts["lifted"]
        return [("question", question.key)]

    def _choose(self, moment: Moment) -> list[Entity]:
        self.chosen = moment.facts["key"]
        return [("chosen", "")]

    def _show(self, moment: Moment) -> list[Entity]:
        key = f"{moment.facts['learner']} {moment.facts['exercise']}"
        if key not in self.answers:
            return []
        self.answers[key].shown = moment.facts["shown"]
        return [("answer", key)]

    def _remove(self, moment: Moment) -> list[Entity]:
        """Takes a learner from the board, with votes, questions that nobody else has, and answers."""
        learner = self.learners.get(moment.facts["learner"])
        if learner is None:
            return []
        learner.removed = True
        changed: list[Entity] = [("learner", learner.id)]
        for question in self.questions.values():
            if learner.id in question.asked:
                question.asked.discard(learner.id)
                question.votes.pop(learner.id, None)
                question.measured.pop(learner.id, None)
                changed.append(("question", question.key))
        for key in [key for key, answer in self.answers.items() if answer.learner == learner.id]:
            del self.answers[key]
            changed.append(("answer", key))
        return changed

    def _question(self, learner: Learner, moment: Moment) -> VotedQuestion:
        facts, key = moment.facts, _key(moment)
        learner.questions.add(key)
        if key not in self.questions:
            self.questions[key] = VotedQuestion(
                key, facts["question"], facts["choices"], facts["unit"], facts["lesson"], moment.at_s
            )
        return self.questions[key]


def _check_below(number: int, most: int, what: str) -> None:
    if number >= most:
        raise BoardFull(f"the board has enough {what} of this learner")


def _key(moment: Moment) -> str:
    return question_key(moment.facts["question"], moment.facts["choices"], moment.facts["unit"])


def _remember(ids: OrderedDict[str, None], id: str) -> None:
    ids[id] = None
    while len(ids) > MAX_KEPT_IDS:
        ids.popitem(last=False)
