"""The saved results of a class: who measured what, and where they agree."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

from labkit.bench.result import NULL, Result, load
from labkit.errors import LabError, counted

#: So many files are read; a folder with more is another one than was meant.
MOST_FILES = 500


@dataclass(frozen=True)
class ClassQuestion:
    """One question, and the results of those who asked it, by the name of their file."""

    question: str
    unit: str
    results: dict[str, Result]

    @property
    def subjects(self) -> list[str]:
        """All subjects that anybody measured, without the null transport."""
        names = itertools.chain.from_iterable(result.subjects for result in self.results.values())
        return [name for name in dict.fromkeys(names) if name != NULL]

    def agreement(self) -> list[str]:
        """A sentence for each pair of subjects: how many found which of them lower, and how many could not tell."""
        sentences = []
        for one, other in itertools.combinations(self.subjects, 2):
            both = [result for result in self.results.values() if {one, other} <= set(result.subjects)]
            found = [result.lower(one, other) for result in both]
            if found:
                counts = f"{found.count(True)} found {one} lower, {found.count(False)} {other}"
                sentences.append(f"{one} and {other}: of {len(found)}, {counts}, {found.count(None)} could not tell")
        return sentences


@dataclass(frozen=True)
class ClassResults:
    """What a folder holds: its questions, and the files that hold no result, each with its reason."""

    questions: list[ClassQuestion]
    left_out: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        people = {name for question in self.questions for name in question.results}
        return f"<ClassResults {counted(len(self.questions), 'question')}, {counted(len(people), 'file')}>"


def load_class(folder: Path) -> ClassResults:
    """All saved results in this folder and those within it, grouped by question and unit.

    Raises:
        LabError: there is no such folder, it holds no result, or more than MOST_FILES files.
    """
    if not folder.is_dir():
        raise LabError(f"there is no folder {folder}. Give the one in which the results were saved: result.save(...)")
    files = sorted(folder.rglob("*.json"))
    if len(files) > MOST_FILES:
        raise LabError(f"{folder} holds {len(files)} files, and {MOST_FILES} are read at most. Is it the right one?")
    groups: dict[tuple[str, str], dict[str, Result]] = {}
    left_out = {}
    for file in files:
        name = str(file.relative_to(folder).with_suffix(""))
        try:
            result = load(file)
        except LabError as problem:
            left_out[f"{name}.json"] = str(problem)
        else:
            groups.setdefault((result.question, result.unit), {})[name] = result
    if not groups:
        raise LabError(f"{folder} holds no saved result. In lesson 08, result.save('fox.json') makes one")
    return ClassResults([ClassQuestion(*key, results) for key, results in groups.items()], left_out)
