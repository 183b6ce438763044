"""A device that is not heard may speak under another id."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.elsewhere import By, Elsewhere, Stranger, found_elsewhere

HEARD = 1_795_161_600_000
MINUTE = 60_000
HOUR = 3_600_000
DAY = 24 * HOUR


def stranger(named: str = "unit-77", **more: Any) -> Stranger:
    fields = {
        "id": named,
        "kind": "smoke",
        "address": named,
        "first_seen": HEARD + 10 * MINUTE,
        "last_seen": HEARD + 5 * HOUR,
    }
    return Stranger(**{**fields, **more})


def found(*strangers: Stranger, **known: Any) -> Elsewhere | None:
    fields: dict[str, Any] = {
        "device": "lab-2",
        "kind": "smoke",
        "address": "lab-2",
        "values": {},
        "heard": HEARD,
        "limit": 90 * MINUTE,
    }
    return found_elsewhere(strangers, **{**fields, **known})


def test_one_of_its_kind_began_when_it_fell_silent() -> None:
    one = found(stranger())
    assert one is not None
    assert (one.stranger.id, one.by) == ("unit-77", By.BEGAN)


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "temperature"},
        {"first_seen": HEARD - DAY},
        {"first_seen": HEARD + DAY},
        {"first_seen": HEARD - DAY, "last_seen": HEARD - HOUR, "address": "lab-2"},
    ],
    ids=["another kind", "spoke before", "began much later", "silent before it"],
)
def test_who_has_nothing_to_do_with_it(more: dict[str, Any]) -> None:
    assert found(stranger(**more)) is None


def test_of_several_the_nearest_counts() -> None:
    one = found(stranger("b", first_seen=HEARD + HOUR), stranger("a"), stranger("c", kind="x"))
    assert one is not None
    assert one.stranger.id == "a"


def test_the_same_address_however_it_is_written() -> None:
    known = {"address": "0x00158D0001A2B3C4", "heard": None}
    one = found(stranger(address="00:15:8d:00:01:a2:b3:c4", kind="other"), **known)
    assert one is not None
    assert one.by is By.ADDRESS


def test_the_same_serial_number() -> None:
    one = found(stranger(values={"sn": "A-10042"}, kind="other"), values={"serial": "a10042"})
    assert one is not None
    assert one.by is By.SERIAL
    assert found(stranger(values={"sn": "1"}, kind="other"), values={"serial": "1"}) is None


def test_an_id_that_was_typed_differently() -> None:
    one = found(stranger("Lab_2", kind="other", address=""), heard=None)
    assert one is not None
    assert one.by is By.NAME


def test_never_heard_and_nothing_alike_says_nothing() -> None:
    assert found(stranger(), heard=None) is None
    assert found() is None


def test_what_is_surest_counts() -> None:
    one = found(stranger(), stranger("other", address="lab-2", first_seen=HEARD + 4 * HOUR))
    assert one is not None
    assert one.by is By.ADDRESS


def test_two_native_devices_without_an_address_are_not_the_same() -> None:
    assert found(stranger("x", address="", kind="other"), address="") is None
