"""The seam every dialect implements: a topic becomes a `Route`, a payload becomes `Reading`s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from devices.reading import Reading, Reject, Route


class Dialect(Protocol):
    """How one family of devices speaks MQTT. Stateless but for what a bridge tells about devices.

    A dialect other than the native one is bound to one school when it is made, because its topics
    do not name one.
    """

    name: str

    def filters(self) -> Sequence[tuple[str, bool]]:
        """Topic filters to subscribe to, each with whether it may carry events (alarms)."""
        ...

    def route(self, topic: str) -> Route | Reject | None:
        """Where ``topic`` leads; ``None`` for a topic that is known and carries nothing to keep."""
        ...

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        """What ``payload`` says, oldest first. ``received`` in ms; never raises on any bytes."""
        ...

    def read_plain(self, route: Route, payload: bytes, received: int) -> Reading | None:
        """A quicker `read` of the commonest telemetry; ``None`` = `read` has to look at it."""
        ...

    def guess_kind(self, route: Route, readings: Sequence[Reading]) -> str:
        """The kind an unregistered device probably is: a suggestion for who adopts it."""
        ...


class BoundDialect(Dialect, Protocol):
    """A foreign dialect, bound to the school whose credentials its devices use at the broker."""

    school: str

    def spoken(self) -> Sequence[str]:
        """Topic filters that the school's devices publish to."""
        ...

    def heard(self) -> Sequence[str]:
        """Topic filters that the school's devices listen to."""
        ...


@runtime_checkable
class Learning(Protocol):
    """A dialect that has to be taught what messages mean, by retained ones."""

    def lessons(self) -> Sequence[str]:
        """Those of its `Dialect.filters` whose retained messages are needed at every start, though
        the broker kept the session and would not send them again.
        """
        ...


class Aside(NamedTuple):
    """What a message said of others than the device it came from: of every registered device of
    its dialect and school whose address begins with ``beginning``.
    """

    beginning: str
    reading: Reading


@runtime_checkable
class Conversing(Protocol):
    """A dialect that does more than listen: its devices have to be asked for something, and some
    of their messages are about others.
    """

    school: str
    name: str

    def meet(self, address: str, now: int) -> None:
        """A device of that address is registered: told for each at a start, and when one comes to
        be or is changed.
        """
        ...

    def next_request(self) -> int | None:
        """When it may want something published next (ms); ``None`` = nothing is wanted."""
        ...

    def requests(self, now: int, most: int) -> list[tuple[str, bytes]]:
        """Up to ``most`` messages (topic, payload) to its devices, that are due now. They may be
        lost on their way.
        """
        ...

    def asides(self) -> Sequence[Aside]:
        """What the message that was read last said of others."""
        ...
