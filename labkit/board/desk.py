"""The desk of a class board: it takes what is said, keeps it, and tells everybody what has changed."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from labkit.board.buckets import Buckets
from labkit.board.folder import ClassFolder
from labkit.board.moments import INSTRUCTOR, INSTRUCTORS_KINDS, LEARNERS_KINDS, BoardRefused, Moment, public_number
from labkit.board.moments import read_moment as read
from labkit.board.names import nickname, read_code
from labkit.board.state import BoardFull, ClassState, Entity, Learner
from labkit.board.view import entities, public
from labkit.errors import LogFailed
from labkit.server import Channel
from labkit.server.connection import Connection

#: A learner who runs all cells of a lesson says some forty things at once.
LEARNER_BURST, LEARNER_PER_S = 80, 2.0
#: A class of sixty behind one Wi-Fi may join at once.
JOIN_BURST, JOIN_PER_S = 60, 0.5
#: Wrong codes: from one address, which a whole class may share behind one Wi-Fi, and from all together. In a day of
#: eight hours that is one code in a thousand of the 113 million.
WRONG_BURST, WRONG_PER_S = 20, 0.2
ALL_WRONG_BURST, ALL_WRONG_PER_S = 500, 5.0
#: Messages in one request.
MAX_BATCH = 50
PRESENCE_S = 1.0
RETRY_MS = 1000
_EVERYBODY = "everybody"


class Desk:
    """Takes the messages of learners and the commands of the instructor, and publishes what has changed.

    `view` is the channel of the projector's page, `notices` that of the learners' notebooks.

    Args:
        folder: where everything is kept.
        now_s: the time in seconds since 1970.
        monotonic_s: the clock of the limits.
    """

    def __init__(
        self,
        folder: ClassFolder,
        now_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self._now_s = folder, now_s
        self.state = ClassState(folder.read())
        self.view = Channel(folder.view, retry_ms=RETRY_MS)
        self.notices = Channel(folder.notices, retry_ms=RETRY_MS)
        self._order = asyncio.Lock()
        self._said = Buckets(LEARNER_BURST, LEARNER_PER_S, monotonic_s)
        self._joined = Buckets(JOIN_BURST, JOIN_PER_S, monotonic_s)
        self._wrong = Buckets(WRONG_BURST, WRONG_PER_S, monotonic_s)
        self._all_wrong = Buckets(ALL_WRONG_BURST, ALL_WRONG_PER_S, monotonic_s)
        self._streams: dict[str, set[Connection]] = {}
        self._unpublished: dict[Entity, None] = {}
        self._publish_again()

    def _publish_again(self) -> None:
        """After a crash: a moment may have been kept, and its change not been published. Each change is whole, so that
        to hear it twice is to know it once."""
        if not self.state.learners and not self.state.notice.id:
            return
        for entity in entities(self.state):
            self.view.publish(self._text(entity), entity[0])
        self.notices.publish(self._text(("notice", "")), "notice")

    def check_code(self, code: str, address: str) -> None:
        """Lets in who has the code, or the instructor's secret.

        Raises:
            BoardRefused: 401 for a wrong one; 429 where there were too many.
        """
        if not _is_same(code, self.folder.secret):
            self._check_guess(code, address, read_code(code) == self.folder.code, "code; it stands on the projector")

    def check_secret(self, secret: str, address: str) -> None:
        """Lets the instructor in.

        Raises:
            BoardRefused: 401 for a wrong secret; 429 where there were too many.
        """
        # The right one never waits: nobody guesses 96 bits, and whoever tries must not lock the instructor out.
        if not _is_same(secret, self.folder.secret):
            self._check_guess(secret, address, False, "instructor's secret; it stands in the terminal of labkit board")

    def _check_guess(self, given: str, address: str, right: bool, what: str) -> None:
        wait_s = max(self._wrong.wait_s(address), self._all_wrong.wait_s(_EVERYBODY))
        if wait_s > 0:  # asked before the answer is known: else a right guess would be told from a wrong one
            raise BoardRefused(f"too many wrong codes: wait {wait_s:.0f} s", 429, wait_s)
        if not right:
            if given:
                self._wrong.take(address)
                self._all_wrong.take(_EVERYBODY)
            raise BoardRefused(f"this is not the {what}", 401)

    def learner(self, secret: str) -> Learner:
        """The learner who has this secret.

        Raises:
            BoardRefused: 401, nobody has; 403, that one has left, or was removed by the instructor.
        """
        learner = self.state.learners.get(public_number(secret))
        if learner is None:
            raise BoardRefused("nobody has joined with that: join with the code first", 401)
        if learner.removed:
            raise BoardRefused("the instructor has taken you off the board", 403)
        if learner.left:
            raise BoardRefused("you have left the board, perhaps in another notebook", 403)
        return learner

    async def join(self, secret: str, name: str, address: str = "") -> Learner:
        """Puts a learner on the board, or back on it.

        Raises:
            BoardRefused: 403 for one who was removed; 429 for too many from one address; 507 where the board is full.
        """
        if not 16 <= len(secret) <= 100:
            raise BoardRefused("`who` is a secret of 16 to 100 characters")
        id = public_number(secret)
        if id not in self.state.learners:
            if wait_s := self._joined.wait_s(address):
                raise BoardRefused("too many people from one address at once", 429, wait_s)
            self._joined.take(address)
        async with self._order:
            known = self.state.learners.get(id)
            if known is not None and known.removed:
                raise BoardRefused("the instructor has taken you off the board", 403)
            others = [one.name for one in self.state.learners.values() if one.id != id and not one.left]
            wanted = nickname(name, others)
            if known is None or known.left or known.name != wanted:
                await self._keep([Moment("join", id, "", round(self._now_s(), 3), {"name": wanted})])
        return self.state.learners[id]

    async def hear(self, learner: Learner, messages: object) -> int:
        """Keeps what a learner says, and returns how many of these messages are new. Each counts once.

        Raises:
            BoardRefused: 400 for what is no message, 429 for too many at once, 507 where there is no room.
        """
        if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_BATCH:
            raise BoardRefused(f"`messages` is a list of 1 to {MAX_BATCH}")
        self._take(learner, len(messages))
        moments = [read(message, LEARNERS_KINDS, learner.id, self._now_s()) for message in messages]
        async with self._order:
            new = list({moment.id: moment for moment in moments if not self.state.knows(moment)}.values())
            await self._keep(new)
        if learner.left:  # no other notebook of this learner may go on
            self._end_streams(learner.id)
        return len(new)

    def check_flood(self, learner: Learner) -> None:
        """Refuses a learner who goes on sending although there were too many: before anything is read.

        Raises:
            BoardRefused: 429.
        """
        if self._said.wait_s(learner.id):
            self._take(learner, 1)

    def _take(self, learner: Learner, count: int) -> None:
        refused = self._said.wait_s(learner.id, count) > 0
        self._said.take(learner.id, count)  # also where it is refused: who does not wait begins anew
        if refused:
            raise BoardRefused("too many messages at once", 429, self._said.wait_s(learner.id, count))

    async def command(self, message: object) -> None:
        """Does what the instructor says.

        Raises:
            BoardRefused: 400, it is no command.
        """
        moment = read(message, INSTRUCTORS_KINDS, INSTRUCTOR, self._now_s())
        async with self._order:
            if not self.state.knows(moment):
                await self._keep([moment])
        if moment.kind == "remove":
            self._end_streams(moment.facts["learner"])

    def _end_streams(self, id: str) -> None:
        for connection in self._streams.pop(id, set()):
            connection.end("this learner is no longer on the board")

    async def _keep(self, moments: list[Moment]) -> None:
        try:
            for moment in moments:
                self.state.check_room(moment)
        except BoardFull as problem:
            raise BoardRefused(str(problem), 507) from None
        kept, failure = await asyncio.to_thread(self._append, moments)
        for moment in moments[:kept]:
            self._unpublished |= dict.fromkeys(self.state.apply(moment))
        self._publish()
        if failure is not None:
            raise BoardRefused(f"the board could not keep it ({failure.cause}): send it again", 503, 1.0)

    def _append(self, moments: list[Moment]) -> tuple[int, LogFailed | None]:
        """How many were kept, and why not all. It waits for the disk, so it has a thread of its own."""
        for number, moment in enumerate(moments):
            try:
                self.folder.append(moment)
            except LogFailed as problem:
                return number, problem
        return len(moments), None

    def _publish(self) -> None:
        """Publishes what has changed. What a log does not take now is tried again with the next change, or a second
        later: it was kept, so nobody has to send it again.

        These two logs do not wait for a disk, and nobody else writes to them: another thread would take longer.
        """
        with contextlib.suppress(LogFailed):
            for entity in tuple(self._unpublished):
                text = self._text(entity)
                self.view.publish(text, entity[0])
                if entity[0] == "notice":
                    self.notices.publish(text, "notice")
                del self._unpublished[entity]

    def _text(self, entity: Entity) -> str:
        return json.dumps(public(self.state, entity))

    def notice(self) -> dict[str, Any]:
        """The banner of this moment."""
        return public(self.state, ("notice", ""))

    def snapshot(self) -> dict[str, Any]:
        """All that is on the board, and the id from which the view's stream goes on."""
        found: dict[str, Any] = {"last_event_id": self.view.last_event_id, "now_s": self._now_s()}
        for entity in entities(self.state):
            found.setdefault(entity[0], []).append(public(self.state, entity))
        return found

    def opened(self, learner: Learner, connection: Connection) -> None:
        """Notes that a learner has a stream open."""
        self._streams.setdefault(learner.id, set()).add(connection)

    async def watch_presence(self) -> None:
        """Publishes who is there and who is away, for ever: a learner with an open stream is there."""
        while True:
            await self.look_who_is_there()
            await asyncio.sleep(PRESENCE_S)

    async def look_who_is_there(self) -> None:
        """Publishes what has changed in who is there."""
        async with self._order:
            for learner in self.state.present:
                streams = {one for one in self._streams.get(learner.id, ()) if not one.visit.left}
                self._streams[learner.id] = streams
                if learner.here != bool(streams):
                    learner.here = bool(streams)
                    self._unpublished["learner", learner.id] = None
            self._publish()


def _is_same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
