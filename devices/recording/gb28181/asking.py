"""Questions to a registered device: sent, their answers gathered, every wait limited."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from devices.recording.gb28181.errors import ContentError, IdentityError
from devices.recording.gb28181.manscdp import MAX_SN, Command, Envelope
from devices.recording.gb28181.paging import MOST_ITEMS, Assembly, Page
from devices.recording.gb28181.registrations import Registration
from devices.recording.gb28181.sip import Response
from devices.recording.source import (
    IncompleteError,
    RecordingError,
    RefusedError,
    TimedOutError,
    UnreachableError,
    UnreadableError,
)
from devices.recording.xml_document import Element

MOST_WAITING: Final = 512
"""Questions of one device in the queue; who asks more is told so at once."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Times of a question, in seconds, and how many a device is asked at once.

    ``page_s``: until the first message of an answer, and from each to the next; recorders that send
    two recordings a message were seen to pause two seconds. ``whole_s``: for all of an answer.
    ``settle_s``: so long is listened on after the last item, because more than was announced is a
    contradiction. ``queue_s``: for those asked before.
    """

    page_s: float = 10.0
    whole_s: float = 180.0
    settle_s: float = 0.25
    queue_s: float = 600.0
    at_once: int = 2


Ask = Callable[[Registration, str, bytes], Awaitable[Response | None]]
Answer = TypeVar("Answer")
Item = TypeVar("Item")


class Gathering(Protocol):
    """What the messages of one answer are put together to."""

    def take(self, root: Element) -> None:
        """One message. `ContentError` when it, or with it the answer, cannot be believed."""
        ...

    def broke(self, why: str) -> None:
        """A message came that is no XML."""
        ...

    @property
    def complete(self) -> bool:
        """Whether nothing more is to come."""
        ...

    @property
    def lack(self) -> str:
        """How far it came, in words."""
        ...

    @property
    def broken(self) -> str | None:
        """Why a message could not be read."""
        ...


class Pages(Generic[Item]):
    """A `Gathering` of pages (Catalog, RecordInfo)."""

    def __init__(self, read: Callable[[Element], Page[Item]], most: int = MOST_ITEMS) -> None:
        """``most``: an answer of more items is not believed."""
        self._read: Final = read
        self._assembly: Final[Assembly[Item]] = Assembly(most)

    def take(self, root: Element) -> None:
        """One page."""
        self._assembly.take(self._read(root))
        if self._assembly.contradiction is not None:
            raise ContentError(self._assembly.contradiction)

    def broke(self, why: str) -> None:
        """A page that is no XML; a good copy may follow."""
        self._assembly.broke(why)

    @property
    def complete(self) -> bool:
        """Whether the items add up."""
        return self._assembly.complete

    @property
    def lack(self) -> str:
        """How many items came of how many."""
        return self._assembly.missing

    @property
    def broken(self) -> str | None:
        """Why a page could not be read."""
        return self._assembly.broken

    @property
    def items(self) -> tuple[Item, ...]:
        """What came."""
        return self._assembly.items


class Single(Generic[Answer]):
    """A `Gathering` of one message (DeviceStatus)."""

    def __init__(self, read: Callable[[Element], Answer]) -> None:
        self._read: Final = read
        self.answer: Answer | None = None
        self.broken: str | None = None

    def take(self, root: Element) -> None:
        """The message; a copy of it changes nothing."""
        if self.answer is None:
            self.answer = self._read(root)

    def broke(self, why: str) -> None:
        """The message is no XML."""
        self.broken = why

    @property
    def complete(self) -> bool:
        """Whether it came."""
        return self.answer is not None

    @property
    def lack(self) -> str:
        """That it did not."""
        return "no answer that can be read came"


class _Question:
    def __init__(self, command: Command, subjects: frozenset[str], gathering: Gathering) -> None:
        self.command: Final = command
        self.subjects: Final = subjects
        self.gathering: Final = gathering
        self.failure: RecordingError | None = None
        self.heard: Final = asyncio.Event()

    def take(self, envelope: Envelope) -> None:
        try:
            self._compare(envelope)
            self.gathering.take(envelope.root)
        except (ContentError, IdentityError) as error:
            self.fail(UnreadableError(str(error)))
        self.heard.set()

    def _compare(self, envelope: Envelope) -> None:
        if envelope.command != self.command or envelope.device not in self.subjects:
            raise ContentError(
                f"asked for {self.command}, it answers {envelope.command} of {envelope.device}"
            )

    def fail(self, error: RecordingError) -> None:
        self.failure = self.failure or error
        self.heard.set()


class Asker:
    """Asks devices, a few questions at a time each, and leads what comes back to who asked."""

    def __init__(self, ask: Ask, limits: Limits) -> None:
        """``ask`` sends a body to a device for a subject, and gives its final SIP answer."""
        self._ask: Final = ask
        self._limits: Final = limits
        self._open: Final[dict[tuple[str, int], _Question]] = {}
        self._turns: Final[dict[str, asyncio.Semaphore]] = {}
        self._waiting: Final[Counter[str]] = Counter()

    def hear(self, device: str, envelope: Envelope) -> bool:
        """An answer from ``device``; False when nothing is asked that it could be to."""
        question = self._open.get((device, envelope.sn))
        if question is None:
            return False
        question.take(envelope)
        return True

    def hear_broken(self, device: str, sn: int | None, why: str) -> None:
        """A body from ``device`` that is no XML; it spoils the question of its number, if told."""
        for (of, number), question in self._open.items():
            if of == device and sn in {None, number}:
                question.gathering.broke(why)

    def abandon(self, device: str | None, why: str) -> None:
        """``device`` is offline, or without one all are: nothing more will come."""
        for (of, _), question in self._open.items():
            if device in {None, of}:
                question.fail(UnreachableError(why))

    async def ask(
        self,
        registration: Callable[[], Registration],
        command: Command,
        subject: str,
        write: Callable[[int], bytes],
        gathering: Gathering,
    ) -> None:
        """Ask a device about ``subject`` (itself or a channel) and gather the answer.

        ``registration`` gives where the device is by the time of its turn. Raises what of
        `RecordingError` it came to, unless the gathering is complete.
        """
        device = registration().device
        async with self._turn(device):
            where = registration()
            sn = self._free_number(device)
            question = _Question(command, frozenset({subject, device}), gathering)
            self._open[device, sn] = question
            delivery = self._deliver(question, where, subject, write(sn))
            sending = asyncio.create_task(delivery, name=f"gb28181 {command} {device}")
            try:
                await self._gather(question, device)
            finally:
                del self._open[device, sn]
                sending.cancel()
                with suppress(asyncio.CancelledError):
                    await sending

    async def _deliver(
        self, question: _Question, where: Registration, subject: str, body: bytes
    ) -> None:
        response = await self._ask(where, subject, body)
        if response is None:
            question.fail(UnreachableError(f"{where.device}: the question cannot be sent to it"))
        elif response.status >= 300:
            question.fail(
                RefusedError(
                    f"{where.device} refuses {question.command} of {subject}: "
                    f"{response.status} {response.reason[:60]}"
                )
            )

    async def _gather(self, question: _Question, device: str) -> None:
        limits, gathering = self._limits, question.gathering
        about = f"{device}, {question.command}"
        try:
            async with asyncio.timeout(limits.whole_s):
                while not gathering.complete and question.failure is None:
                    question.heard.clear()
                    async with asyncio.timeout(limits.page_s):
                        await question.heard.wait()
                with suppress(TimeoutError):
                    async with asyncio.timeout(limits.settle_s):
                        while question.failure is None:
                            question.heard.clear()
                            await question.heard.wait()
        except TimeoutError:
            raise _late(question, about) from None
        if question.failure is not None:
            raise question.failure

    @asynccontextmanager
    async def _turn(self, device: str) -> AsyncIterator[None]:
        if self._waiting[device] >= MOST_WAITING:
            raise TimedOutError(f"{device}: {MOST_WAITING} questions wait for it already")
        turn = self._turns.setdefault(device, asyncio.Semaphore(self._limits.at_once))
        self._waiting[device] += 1
        try:
            try:
                async with asyncio.timeout(self._limits.queue_s):
                    await turn.acquire()
            except TimeoutError:
                raise TimedOutError(
                    f"{device}: those asked before took more than {self._limits.queue_s:g} s"
                ) from None
            try:
                yield
            finally:
                turn.release()
        finally:
            self._waiting[device] -= 1
            if not self._waiting[device]:
                del self._waiting[device], self._turns[device]

    def _free_number(self, device: str) -> int:
        # Drawn, not counted: an answer to what was asked before a restart fits nothing, and who
        # cannot see the question cannot answer it.
        while (device, sn := secrets.randbelow(MAX_SN) + 1) in self._open:
            continue
        return sn


def _late(question: _Question, about: str) -> RecordingError:
    gathering = question.gathering
    if gathering.broken is not None:
        return UnreadableError(f"{about}: {gathering.broken}; {gathering.lack}")
    if isinstance(gathering, Pages) and gathering.items:
        return IncompleteError(f"{about}: then nothing more came: {gathering.lack}")
    return TimedOutError(f"{about}: {gathering.lack}")
