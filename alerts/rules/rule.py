"""The seam every rule implements, and the state of a device that rules look at.

Rules are deterministic: what they return follows from the memory and the state handed to them, the
reading and ``now``. They read no clock, do no I/O and keep nothing of their own. One rule object
serves every device with the same parameters; what differs by device lives in its memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import msgspec
from pydantic import BaseModel, ConfigDict

from alerts.finding import Outcome
from devices.hitches import Hitches
from devices.model import Device
from devices.reading import Reading, Value, values_of
from devices.timekeeping import DeviceClock

JudgeCall: TypeAlias = "Callable[[Any, DeviceState, Reading, int], Outcome | None]"
"""`Rule.judge`, bound."""


class Hearing(msgspec.Struct):
    """Since when the gateway has been able to hear devices, in ms; shared by all of them.

    Set again at each start and whenever the broker's connection comes back, so that nobody is
    called silent for having been heard by nobody. ``connected``: what they say is heard as they
    speak; not while it waits in a queue.
    """

    since: int = 0
    connected: bool = False


class DeviceState:
    """What is known of one device right now. Rules read it; the pipeline alone writes it.

    ``values`` are the latest values by name. ``heard``, ``spoke`` and ``started`` are ms:
    last message received, last device time believed, and since when it is watched (registration
    or gateway start). ``pause`` (ms) is the longest between two messages since unhurried rules
    last looked. ``online`` follows status messages, ``None`` while none was seen. ``due_seq`` is
    the ``seq`` that comes next, ``hitches`` counts what went wrong on the way (``None`` = nothing
    yet), ``recorded`` how many of its messages are in its days; ``offset`` knows the
    device's clock; ``events_seen`` are the events known already (`alerts.rules.events_seen`).

    ``latest`` is the last plain telemetry as it came; `values` takes it in when somebody asks.
    ``glance`` is the pipeline's, for messages that look the same.
    """

    __slots__ = (
        "_values",
        "device",
        "due_seq",
        "events_seen",
        "firmware",
        "glance",
        "heard",
        "hearing",
        "hitches",
        "latest",
        "memories",
        "offset",
        "online",
        "online_since",
        "pause",
        "recorded",
        "repeater",
        "rules",
        "spoke",
        "started",
        "unhurried_due",
    )

    def __init__(self, device: Device, hearing: Hearing, started: int) -> None:
        self.device = device
        self.hearing = hearing
        self.started = started
        self.heard = 0
        self.spoke = 0
        self.pause = 0
        self.due_seq: int | None = None
        self.hitches: Hitches | None = None
        self.recorded = 0
        self.online: bool | None = None
        self.online_since = 0
        self.offset = DeviceClock()
        self._values: dict[str, Value] | None = None
        self.latest = b""
        self.glance: Any = None
        self.repeater: DeviceState | None = None
        self.rules: tuple[Rule, ...] = ()
        self.memories: list[Any] = []
        self.events_seen: list[tuple[int, int]] | None = None
        self.firmware = ""
        self.unhurried_due = 0

    @property
    def messages(self) -> int:
        """Messages heard."""
        return self.offset.messages

    @property
    def gap_total(self) -> int:
        """Messages lost, by gaps of ``seq``."""
        return 0 if self.hitches is None else self.hitches.lost

    def hitch(self) -> Hitches:
        """Where to count what went wrong."""
        if self.hitches is None:
            self.hitches = Hitches()
        return self.hitches

    def peek(self) -> Mapping[str, Value]:
        """`values`, without keeping them decoded: for whoever looks at all devices."""
        if self._values is not None:
            return self.values
        try:
            return values_of(self.latest) if self.latest else {}
        except ValueError:
            return {}  # see `take_in_latest`

    @property
    def values(self) -> dict[str, Value]:
        """The latest values by name. Decoding them at each message would be half of judging it."""
        self.take_in_latest()
        if self._values is None:
            self._values = {}
        return self._values

    def take_in_latest(self) -> None:
        """Put what ``latest`` says among the values."""
        if not self.latest:
            return
        latest, self.latest = self.latest, b""
        try:
            values = values_of(latest)
        except ValueError:
            return  # it holds a number that nothing can hold; at a glance it was passed over
        if self._values is None:
            self._values = values
        else:
            self._values.update(values)


class Parameters(BaseModel):
    """Parameters of a rule: data in ``config/kinds/``, overridable per school and device."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    rule: str = ""
    """Which rule this is, when its key in the file is another: a kind may have several
    `threshold`s, each under the name of its condition."""

    source: str = ""
    """Where the figures come from; shown with every finding."""


class Rule(Protocol):
    """One rule with its parameters bound; its class names their model as ``Parameters``."""

    name: str
    """Its key in ``config/kinds/`` (a kind may have several thresholds), in explanations and
    among the stored memories of a device."""

    telemetry: bool
    """Whether `judge` wants telemetry readings."""

    unhurried: bool
    """Whether a look at a device's telemetry now and then will do: nobody is called out by it, or
    half a minute later is soon enough."""

    events: bool
    """Whether `judge` wants event and status readings."""

    def __init__(self, parameters: Any, name: str) -> None:
        """Bind the parameters (an instance of ``Parameters``)."""
        ...

    def memory(self) -> Any:
        """A fresh memory for one device; ``None`` when the rule needs none."""
        ...

    def start(self, memory: Any, state: DeviceState, now: int) -> Outcome | None:
        """Begin watching: at registration and at each start of the gateway."""
        ...

    def watches(self) -> frozenset[str] | None:
        """The values of telemetry that `judge` looks at; it is not asked about plain telemetry
        with none of them. ``None`` = whatever there is."""
        ...

    def judge(self, memory: Any, state: DeviceState, reading: Reading, now: int) -> Outcome | None:
        """Judge one reading. ``state`` is as before it, but for ``values``, which include it.

        On the hot path: return ``None`` as early as possible.
        """
        ...

    def tick(self, memory: Any, state: DeviceState, now: int) -> Outcome | None:
        """Called when the time asked for by ``Outcome.wake`` has come."""
        ...

    def dump(self, memory: Any) -> object:
        """The memory as JSON-able data; ``None`` when there is nothing worth keeping."""
        ...

    def load(self, data: Any) -> Any:
        """A memory from what `dump` gave, perhaps by an older version: tolerate missing keys."""
        ...

    def window(self) -> tuple[str, int] | None:
        """Metric and length (ms) of the past this rule looks back on, refilled after a crash."""
        ...

    def refill(self, memory: Any, points: list[tuple[int, float]]) -> None:
        """Put stored points (ms, value), oldest first, before what the memory already holds."""
        ...
