"""The seam every rule implements, and the state of a device that rules look at.

Rules are deterministic: what they return follows from the memory and the state handed to them, the
reading and ``now``. They read no clock, do no I/O and keep nothing of their own. One rule object
serves every device with the same parameters; what differs by device lives in its memory.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import msgspec
from pydantic import BaseModel, ConfigDict

from alerts.finding import Outcome
from devices.model import Device
from devices.reading import Reading, Value


class Hearing(msgspec.Struct):
    """Since when the gateway has been able to hear devices, in ms; shared by all of them.

    Set again at each start and whenever the broker's connection comes back, so that nobody is
    called silent for having been heard by nobody.
    """

    since: int = 0
    connected: bool = False


class DeviceState:
    """What is known of one device right now. Rules read it; the pipeline alone writes it.

    ``values`` are the latest values by name. ``heard``, ``spoke`` and ``started`` are ms:
    last message received, last device time believed, and since when it is watched (registration
    or gateway start). ``online`` follows status messages, ``None`` while none was seen.
    ``gap_total`` counts messages lost by gaps of ``seq``.
    """

    __slots__ = (
        "alarm_ids",
        "device",
        "gap_total",
        "heard",
        "hearing",
        "memories",
        "messages",
        "offset",
        "online",
        "online_since",
        "repeater",
        "rules",
        "seq",
        "spoke",
        "started",
        "values",
    )

    def __init__(self, device: Device, hearing: Hearing, started: int) -> None:
        self.device = device
        self.hearing = hearing
        self.started = started
        self.heard = 0
        self.spoke = 0
        self.seq: int | None = None
        self.messages = 0
        self.gap_total = 0
        self.online: bool | None = None
        self.online_since = 0
        self.offset: Any = None
        self.values: dict[str, Value] = {}
        self.repeater: DeviceState | None = None
        self.rules: tuple[Rule, ...] = ()
        self.memories: list[Any] = []
        self.alarm_ids: Any = None


class Parameters(BaseModel):
    """Parameters of a rule: data in ``config/kinds/``, overridable per school and device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = ""
    """Where the figures come from; shown with every finding."""


class Rule(Protocol):
    """One rule with its parameters bound."""

    name: ClassVar[str]
    """The name in ``config/kinds/`` files and in explanations."""

    Parameters: ClassVar[type[Parameters]]

    telemetry: bool
    """Whether `judge` wants telemetry readings."""

    events: bool
    """Whether `judge` wants event and status readings."""

    def __init__(self, parameters: Any) -> None:
        """Bind the parameters (an instance of ``Parameters``)."""
        ...

    def memory(self) -> Any:
        """A fresh memory for one device; ``None`` when the rule needs none."""
        ...

    def start(self, memory: Any, state: DeviceState, now: int) -> Outcome | None:
        """Begin watching: at registration and at each start of the gateway."""
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
