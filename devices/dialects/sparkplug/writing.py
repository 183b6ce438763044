"""Metrics of one message, put into our values: converted, by phase, as events; nothing guessed."""

from __future__ import annotations

from typing import Final

import msgspec

from devices import values as v
from devices.dialects.sparkplug.births import Birth, Definition, Scalar
from devices.dialects.sparkplug.naming import Target
from devices.dialects.sparkplug.quantities import Form
from devices.dialects.sparkplug.values import UnreadableError, value_of
from devices.dialects.sparkplug.wire import Metric
from devices.reading import Value

_CLOSED: Final = {
    "closed": "closed", "close": "closed", "on": "closed", "open": "open", "opened": "open",
    "off": "open", "tripped": "tripped", "trip": "tripped",
}  # fmt: skip
_MOST_UNREAD: Final = 20
_TRIPPED, _IS_CLOSED = "tripped", "closed"
"""Flags of a birth; all others are called like the metric."""


class Put(msgspec.Struct, gc=False):
    """What metrics came to: ``values`` by our names, ``presses`` with event, zone and time (ms)."""

    values: dict[str, Value] = {}
    presses: list[tuple[str, str, int | None]] = []


class Writer:
    """Puts metrics into our values, with what the birth remembers. Of what is ``historical``
    nothing is remembered.
    """

    def __init__(self, birth: Birth, *, at_birth: bool) -> None:
        """``at_birth``: what is said is not what has just changed."""
        self._birth = birth
        self._at_birth = at_birth
        self.unread: list[str] = []

    def put(self, definition: Definition, metric: Metric, into: Put) -> None:
        """Read one metric; what cannot be read is noted."""
        target = definition.target
        if target is None:
            return
        value: Value = None
        if not metric.null:
            try:
                value = value_of(definition.datatype, metric.field, metric.raw)
            except UnreadableError as error:
                if len(self.unread) < _MOST_UNREAD:
                    self.unread.append(f"{definition.name[:60]}: {error}")
                return
        form = target.form
        if form is Form.NUMBER or form is Form.SHARE:
            self._number(target, value, metric, into)
        elif form is Form.PLAIN:
            into.values[target.key] = value
        elif form is Form.PRESS:
            self._press(definition.name, target, value, metric, into)
        else:
            self._truth(target, value, metric, into)

    def _number(self, target: Target, value: Value, metric: Metric, into: Put) -> None:
        if isinstance(value, list):
            into.values[target.key] = [_measured(target, each) for each in value]
            return
        self._place(target, _measured(target, value), metric, into)

    def _truth(self, target: Target, value: Value, metric: Metric, into: Put) -> None:
        form, flags = target.form, self._birth.flags
        if form is Form.TRUTH:
            self._place(target, value if isinstance(value, bool) else None, metric, into)
            return
        said = _switch(form, value)
        if form is Form.TRIPPED:
            if metric.historical or said is None:
                return  # whether it was closed then, is not known
            flags[_TRIPPED] = said == "tripped"
        elif said is None or target.slot is not None or metric.historical:
            self._place(target, said, metric, into)
            return
        else:
            flags[_TRIPPED] = said == "tripped" or (form is Form.CLOSED and _tripped(flags))
            flags[_IS_CLOSED] = said == "closed"
        # A breaker that has tripped is open too, and says the one before or after the other.
        if _tripped(flags):
            into.values[target.key] = "tripped"
        elif _IS_CLOSED in flags:
            into.values[target.key] = "closed" if flags[_IS_CLOSED] else "open"

    def _press(self, name: str, target: Target, value: Value, metric: Metric, into: Put) -> None:
        """A button that is held down. At a birth it is news only if it was not down before."""
        if not isinstance(value, bool):
            return
        before = self._birth.flags.get(name, False)
        if not metric.historical:
            self._birth.flags[name] = value
        if value and not (before and self._at_birth):
            into.presses.append(("pressed", target.zone, metric.at))
        elif before and not value:
            into.presses.append(("released", target.zone, metric.at))

    def _place(self, target: Target, value: Scalar, metric: Metric, into: Put) -> None:
        if target.slot is None:
            into.values[target.key] = value
            return
        latest = self._birth.latest[target.key]
        if metric.historical:
            # What the others were then is not known, but for what the same moment says.
            begun = into.values.get(target.key)
            latest = begun if isinstance(begun, list) else [None] * len(latest)
        latest[target.slot] = value
        into.values[target.key] = list(latest)


def _measured(target: Target, value: Value) -> float | int | None:
    plain = v.number(value)
    if plain is None:
        return None
    if target.form is Form.SHARE:
        return v.scaled(plain, 0.01) if abs(plain) > 1 else plain
    if target.factor == 1.0 and target.offset == 0.0:
        return plain
    return v.scaled(plain + target.offset, target.factor)


def _switch(form: Form, value: Value) -> str | None:
    """What one metric says of a switch."""
    if form is Form.WORD:
        return _CLOSED.get(value.strip().lower()) if isinstance(value, str) else None
    if not isinstance(value, bool):
        return None
    if form is Form.TRIPPED:
        return "tripped" if value else ""
    return "closed" if value else "open"


def _tripped(flags: dict[str, bool]) -> bool:
    return flags.get(_TRIPPED, False)
