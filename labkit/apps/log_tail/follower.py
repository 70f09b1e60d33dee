"""Reading a log file that rotates. A place in it is a text, which is sent as the id of an event.

A place names the file by its inode and by its first line, and the offset of a line's end. So it is found again when the
file was renamed (its inode is the same) or copied and emptied (the copy has the same first line), and a server that
started again needs no memory for it.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from labkit.errors import LabError, counted

#: So much is read, and sent, in one piece: all the memory that one reader takes.
READ_BYTES = 32 * 1024
#: A reader that is further behind is told how many lines it will not get, and goes on near the end.
MOST_BEHIND_BYTES = 1024 * 1024
#: Who comes for the first time sees the lines of so much at the end.
START_BYTES = 16 * 1024
#: So much of a first line tells one file from another. (A log's line usually begins with its time.)
MARK_BYTES = 256
#: What logrotate makes of a file that it packs: these have other bytes.
PACKED = (".gz", ".bz2", ".xz", ".zst")
UNMARKED = "0"


class FilePlace(NamedTuple):
    """A line's end in a file: behind `offset` bytes of the file that has this inode and this mark.

    At the beginning of a file, `mark` is that of the file before it, or UNMARKED where there was none: its own first
    line may not be there yet, and may have been moved away by the time of the next look.
    """

    inode: int
    mark: str
    offset: int

    def __str__(self) -> str:
        return f"{self.inode}-{self.mark}-{self.offset}"


class Kept(NamedTuple):
    """A file that is there: the log, or one that it was renamed or copied to."""

    path: Path
    inode: int
    size: int
    changed_ns: int


#: What a reader must know besides the lines: its `kind` is "skipped", "truncated", "gap" or "missing".
Notice = dict[str, str | int]


class Piece(NamedTuple):
    """Some lines, each with the place behind it, and the place behind all; or a notice.

    With neither, no more is there yet, or what was there is not wanted, or a file ended.
    """

    lines: list[tuple[str, str]]
    place: str
    notice: Notice | None = None


class LogFile:
    """A log file that another program writes, and rotates, for one reader: it is told once that the file is missing.

    Args:
        path: the file.
        wanted: whether a line is for this reader.
    """

    def __init__(self, path: Path, wanted: Callable[[str], bool] = lambda line: True) -> None:
        self.path, self._wanted = path, wanted
        self._was_there = True

    def start(self) -> str:
        """A place some lines before the end; "" where there is no file yet."""
        files = self._files()
        try:
            there = bool(files) and files[-1].path == self.path
            return str(_near_the_end(files)) if there else ""
        except _RenamedJustNow:
            return ""

    def read(self, place: str) -> Piece:
        """The next lines behind this place, READ_BYTES at most.

        The list of files is made first, and the lines are read then: where the next file has a line already, its writer
        has left this one, and what is read is all of it.
        """
        try:
            return self._read(place)
        except _RenamedJustNow:
            return Piece([], place)  # the next look finds it under its new name

    def _read(self, place: str) -> Piece:
        files = self._files()
        if not files:
            return Piece([], place, self._missing(files))
        index, offset, lost = _find(place, files)
        if lost is not None:  # a list that was made while files were renamed may lack one
            files = self._files() or files
            index, offset, lost = _find(place, files)
        if lost is not None:  # alone: with a place of its own, so that it is told once
            return Piece([], str(_place(files, index, 0)), lost)
        behind_bytes = sum(file.size for file in files[index:]) - offset
        if behind_bytes > MOST_BEHIND_BYTES:
            return _skip(files, index, offset)
        later = next((number for number in range(index + 1, len(files)) if files[number].size), None)
        mark = _mark(files[index])  # first: should it be emptied now, what is read then is not taken for the old
        data = _bytes(files[index], offset, READ_BYTES)
        end = data.rfind(b"\n") + 1
        if end == 0 and (later is not None or len(data) == READ_BYTES):
            end = len(data)  # no more of this line will come, or no more of it fits
        if end == 0 and later is not None:
            return Piece([], str(_place(files, later, 0)))
        if mark == UNMARKED:  # its first line was not whole a moment ago
            mark = _mark(files[index])
        lines, behind = [], offset
        for line in data[:end].removesuffix(b"\n").split(b"\n") if end else []:
            behind = min(behind + len(line) + 1, offset + end)
            text = line.decode("utf-8", "replace").removesuffix("\r")
            if self._wanted(text):
                lines.append((str(FilePlace(files[index].inode, mark, behind)), text))
        last = FilePlace(files[index].inode, mark, behind) if behind else _place(files, index, 0)
        return Piece(lines, str(last), self._missing(files))

    def _files(self) -> list[Kept]:
        """The log and those that it was renamed or copied to, the oldest first."""
        own = self.path.name
        files: dict[int, Kept] = {}  # by their inodes: what is renamed meanwhile may be listed twice
        with os.scandir(self.path.parent) as entries:
            for entry in entries:
                name = entry.name
                if name == own or (name.startswith((f"{own}.", f"{own}-")) and not name.endswith(PACKED)):
                    path = Path(entry.path)
                    try:
                        stat = path.stat()  # entry.stat() may be that of the name's file a moment ago
                    except FileNotFoundError:  # it was renamed just now
                        continue
                    files[stat.st_ino] = Kept(path, stat.st_ino, stat.st_size, stat.st_mtime_ns)
        return sorted(files.values(), key=lambda file: (file.path == self.path, file.changed_ns))

    def _missing(self, files: list[Kept]) -> Notice | None:
        was_there, self._was_there = self._was_there, bool(files) and files[-1].path == self.path
        if self._was_there or not was_there:
            return None
        return _notice("missing", f"{self.path.name} does not exist now. When it is there again, its lines come here")


def file_in(folder: Path, name: str) -> Path:
    """The file of this name in the folder.

    Raises:
        LabError: there is none, or it is elsewhere.
    """
    there = sorted(path.name for path in folder.iterdir() if path.is_file())
    if name not in there:
        raise LabError(f"There is no file {name!r} in this folder. There is: {', '.join(there) or 'nothing yet'}")
    return folder / name


def _notice(kind: str, text: str, lines: int = 0) -> Notice:
    return {"kind": kind, "text": text, "lines": lines}


def _find(place: str, files: list[Kept]) -> tuple[int, int, Notice | None]:
    """Which file is read on, from which offset, and what was lost."""
    if not place:
        return len(files) - 1, 0, None
    found = re.fullmatch(r"(\d{1,20})-([0-9a-f]{1,8})-(\d{1,18})", place, re.ASCII)
    gone = _notice("gap", "The file that was read last is gone. These lines are from the oldest that is kept")
    if found is None:
        return 0, 0, gone
    inode, mark, offset = int(found[1]), found[2], int(found[3])
    same = next((number for number, file in enumerate(files) if file.inode == inode), None)
    if offset == 0:
        before = max((number for number, file in enumerate(files[:-1]) if _mark(file) == mark != UNMARKED), default=-1)
        return before + 1, 0, gone if same is None and before == -1 else None
    holding = [number for number, file in enumerate(files) if file.size >= offset and _mark(file) == mark]
    if holding:  # its copy too, where the file itself was emptied
        return same if same in holding else holding[0], offset, None
    if same is not None:
        return same, 0, _notice("truncated", "The file was emptied. What was not read before that is lost")
    return 0, 0, gone


def _mark(file: Kept) -> str:
    """A short number made of the file's first line, or its beginning; UNMARKED before there is one."""
    start = _bytes(file, 0, MARK_BYTES)
    end = start.find(b"\n") + 1 or (MARK_BYTES if len(start) == MARK_BYTES else 0)
    return f"{zlib.crc32(start[:end]):x}" if end else UNMARKED


def _place(files: list[Kept], index: int, offset: int) -> FilePlace:
    before = next((file for file in reversed(files[:index]) if file.size), None)
    marked = files[index] if offset else before
    return FilePlace(files[index].inode, UNMARKED if marked is None else _mark(marked), offset)


def _near_the_end(files: list[Kept]) -> FilePlace:
    """The end of a line, some lines before the end of the newest file."""
    offset = files[-1].size - START_BYTES
    line_end = offset + _bytes(files[-1], offset, READ_BYTES).find(b"\n") + 1 if offset > 0 else 0
    return _place(files, len(files) - 1, line_end)


def _skip(files: list[Kept], index: int, offset: int) -> Piece:
    """Goes on near the end, and counts the lines that lie between. It holds one piece of them at a time."""
    goal = _near_the_end(files)
    lines = 0
    for file in files[index:]:
        stop = goal.offset if file is files[-1] else file.size
        while offset < stop and (data := _bytes(file, offset, min(READ_BYTES, stop - offset))):
            lines += data.count(b"\n")
            offset += len(data)
        offset = 0
    text = f"{counted(lines, 'line')} skipped: this reader was too far behind"
    return Piece([], str(goal), _notice("skipped", text, lines))


class _RenamedJustNow(Exception):
    """A file has another name than a moment ago."""


def _bytes(file: Kept, offset: int, most: int) -> bytes:
    """Up to so many bytes of this file, and of no other that has its name by now."""
    try:
        with file.path.open("rb") as opened:
            if os.fstat(opened.fileno()).st_ino != file.inode:
                raise _RenamedJustNow
            opened.seek(offset)
            return opened.read(most)
    except FileNotFoundError:
        raise _RenamedJustNow from None
