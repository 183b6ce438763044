"""A message with one thing wrong is read as far as it is right, or rejected; never read wrong."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from devices.dialects.native import Native
from devices.reading import Reading, Reject, Route
from devices.simulator.conversations import SPOKEN
from devices.simulator.mutants import JSON, Mutant, mutant
from devices.simulator.witness import Said, Spoken, Witness, WrongError

SPOILED = 250
TOPIC = "campus/no3/electrical/meter/telemetry"
SAID = {"voltage_v": [231.5, 229.0, 230.25], "power_w": 47, "energy_kwh": 12.5}

EVERY_CONVERSATION = [
    pytest.param(spoken, number, id=f"{spoken.name}-{number}")
    for spoken in SPOKEN.values()
    for number in range(len(spoken.conversations))
]


@pytest.mark.parametrize(("spoken", "number"), EVERY_CONVERSATION)
def test_what_is_right_in_a_spoiled_message_is_read_right(spoken: Spoken, number: int) -> None:
    witness = Witness(spoken, spoken.conversations[number])
    assert witness.clean.values
    assert not witness.clean.rejects
    read = witness.mutations(20261122 + number, SPOILED)
    assert 0 < read < SPOILED


def test_the_same_seed_spoils_in_the_same_way() -> None:
    payload = json.dumps(SAID).encode()
    one, other = (
        [mutant(chance, payload, JSON) for _ in range(200)]
        for chance in (random.Random(5), random.Random(5))
    )
    assert one == other
    assert len({each.payload for each in one}) > 100


class Liar(Native):
    """Reads the native format, then makes something of it that was not said."""

    def __init__(self, lie: Callable[[dict[str, Any]], None]) -> None:
        self._lie = lie

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        result = super().read(route, payload, received, retained=retained)
        if isinstance(result, Reject):
            return result
        (reading,) = result
        self._lie(reading.values)
        reading.body = json.dumps(reading.values).encode()
        return result


def at_most_a_thousand(values: dict[str, Any]) -> None:
    if isinstance(values.get("power_w"), (int, float)):
        values["power_w"] = min(values["power_w"], 1003)


def voltage_only_beside_power(values: dict[str, Any]) -> None:
    if not isinstance(values.get("power_w"), int) or not 0 < values["power_w"] < 1e6:
        values["energy_kwh"] = 9


def falls_over(values: dict[str, Any]) -> None:
    if values.get("power_w") == "":
        raise ZeroDivisionError


def a_phase_short(values: dict[str, Any]) -> None:
    if isinstance(values.get("voltage_v"), list):
        values["voltage_v"] = [
            each if isinstance(each, float) else 230 for each in values["voltage_v"]
        ]


@pytest.mark.parametrize(
    "lie",
    [at_most_a_thousand, voltage_only_beside_power, falls_over, a_phase_short],
)
def test_a_dialect_that_lies_is_caught(lie: Callable[[dict[str, Any]], None]) -> None:
    said: Sequence[Said] = [Said(TOPIC, json.dumps(SAID).encode())]
    liar = Spoken("liar", lambda: Liar(lie), [said])
    with pytest.raises(WrongError):
        Witness(liar, said).mutations(3, 3000)


def test_a_reject_needs_no_more_than_its_reason() -> None:
    said = [Said(TOPIC, json.dumps(SAID).encode())]
    witness = Witness(dataclasses.replace(SPOKEN["native"], conversations=[said]), said)
    assert not witness.judge(0, Mutant(b"{", whole=False))
    assert witness.judge(0, Mutant(b'{"power_w":48}', whole=True))
