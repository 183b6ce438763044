"""A main that was really metered, with the appliances behind it metered beside it (kehkok's
laboratory): what the main shows held against what they took.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.appliances.composing import Truth
from benchmarks.appliances.plugs import Group
from benchmarks.appliances.trial import Row

HEATS: Final = ("kettle", "heater", "iron", "toaster", "stove", "hotplate", "dryer")
"""Words in the name of a sub-meter whose appliance heats."""

ON_W: Final = 500.0
LEAST_S: Final = 10


@dataclass(frozen=True)
class Recording:
    """One recording: the main's readings, and when which appliance took much."""

    name: str
    rows: tuple[Row, ...]
    took: tuple[Truth, ...]

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.rows[-1][0] - self.rows[0][0]) / 3600


def recordings(root: Path) -> list[Recording]:
    """All folders below ``root`` with a ``main.csv`` and other meters beside it."""
    found = []
    for main in sorted(root.rglob("main.csv")):
        begin, rows = _read(main)
        took: list[Truth] = []
        for meter in sorted(main.parent.glob("*.csv")):
            if meter != main:
                group = Group.HEATER if any(w in meter.stem.lower() for w in HEATS) else None
                since, readings = _read(meter)
                offset = (since - begin).total_seconds()
                took += _on(readings, group or Group.ELECTRONICS, meter.stem, offset)
        if took:
            name = f"{main.parent.parent.name}/{main.parent.name}"
            found.append(Recording(name, tuple(rows), tuple(took)))
    return found


def _read(path: Path) -> tuple[datetime, list[Row]]:
    rows: list[Row] = []
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            moment = datetime.strptime(row["Timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            if not rows:
                begin = moment
            seconds = (moment - begin).total_seconds()
            rows.append(
                (
                    seconds,
                    float(row["Active (W)"]),
                    float(row["Reactive (W)"]),
                    float(row["Power Factor"]),
                )
            )
    return begin, rows


def _on(rows: list[Row], group: Group, kind: str, offset: float) -> list[Truth]:
    found: list[Truth] = []
    since: float | None = None
    for second, watts, _, _ in [*rows, (rows[-1][0] + 1, 0.0, None, None)]:
        if watts >= ON_W and since is None:
            since = second
        elif watts < ON_W and since is not None:
            if second - since >= LEAST_S:
                found.append(Truth(group, kind, int(offset + since), int(offset + second)))
            since = None
    return found
