"""A rule that says nothing: rules extend it and override what concerns them."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.measure import Inputs
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading


class QuietRule:
    """Answers of a rule that wants no readings and looks back on nothing.

    ``Memory`` is the class of a device's memory, if the rule needs one. ``kept`` names the fields
    of it that are stored, with their types: what is derived from readings again is not among them.
    A memory holds nothing of the parameters, so that it survives a change of those.
    """

    __slots__ = ("name", "source")

    Parameters: ClassVar[type[Parameters]] = Parameters
    Memory: ClassVar[type[Any] | None] = None
    kept: ClassVar[tuple[tuple[str, Any], ...]] = ()
    telemetry: bool = False
    events: bool = False
    unhurried: bool = False

    def __init_subclass__(cls, **more: Any) -> None:
        # Structs among them are worked out now, by the one thread that loads modules: two that did
        # it at once would end the process (msgspec 0.22).
        super().__init_subclass__(**more)
        for _, kind in cls.kept:
            msgspec.json.Decoder(kind)

    def __init__(self, parameters: Any, name: str) -> None:
        self.name = name
        self.source: str = parameters.source

    def memory(self) -> Any:
        """A fresh memory."""
        return None if self.Memory is None else self.Memory()

    def start(self, memory: Any, state: DeviceState, now: int) -> Outcome | None:
        """Nothing to prepare."""
        return None

    def watches(self) -> frozenset[str] | None:
        """Whatever there is."""
        return None

    def judge(
        self,
        memory: Any,
        state: DeviceState,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        """Nothing to say."""
        return None

    def tick(self, memory: Any, state: DeviceState, now: int) -> Outcome | None:
        """No time was asked for."""
        return None

    def dump(self, memory: Any) -> object:
        """What is kept of the memory; ``None`` when that is nothing but defaults."""
        fresh = self.memory()
        data = {
            field: value
            for field, _ in self.kept
            if (value := getattr(memory, field)) != getattr(fresh, field)
        }
        return msgspec.to_builtins(data) or None

    def load(self, data: Any) -> Any:
        """A memory from what `dump` gave. What an older version wrote otherwise is left out."""
        memory = self.memory()
        for field, kind in self.kept:
            if isinstance(data, dict) and field in data:
                try:
                    value = msgspec.convert(data[field], kind)
                except msgspec.ValidationError:
                    continue
                setattr(memory, field, value)
        return memory

    def window(self) -> tuple[str, int] | None:
        """Looks back on nothing."""
        return None

    def refill(self, memory: Any, points: list[tuple[int, float]]) -> None:
        """Looks back on nothing."""

    def explain(
        self,
        code: str,
        inputs: Inputs | None = None,
        *,
        limit: float | None = None,
        metric: str = "",
        unit: str = "",
    ) -> Explanation:
        """Why, in the words of this rule."""
        return Explanation(self.name, code, dict(inputs or {}), limit, unit, self.source, metric)


class MissingFigureError(ValueError):
    """A figure is given neither with the rule nor by the kind of the device."""

    def __init__(self, field: str) -> None:
        super().__init__("is given neither here nor by the kind")
        self.field = field


def remark_on(reading: Reading) -> str:
    """The remark that a finding made of this reading carries."""
    if reading.test:
        return "late_claims_test" if reading.late else "claims_test"
    return "late" if reading.late else ""


def one(finding: Finding, *, wake: int | None = None) -> Outcome:
    """A finding that changed the memory it was made from."""
    return Outcome((finding,), wake=wake, save=True)


def stopped(
    condition: str, priority: Priority, happened: int, now: int, explanation: Explanation
) -> Finding:
    """The condition is no longer true."""
    return Finding(condition, False, priority, happened, now, explanation)
