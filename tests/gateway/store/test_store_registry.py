from __future__ import annotations

import pytest
from store_samples import readings, rows_of

from alerts.contacts import Contact
from devices.model import Device, Place, Region, School
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.contacts import contacts_set
from gateway.store.read.contacts import contacts_of
from gateway.store.read.devices import metrics_of, one_device
from gateway.store.read.register import register_version
from gateway.store.registry import (
    Registry,
    next_register_version,
    parents_first,
    put_devices,
    put_parameters,
    put_places,
    put_regions,
    put_schools,
    read_parameters,
    read_registry,
    remove_device,
    remove_places,
    remove_region,
    remove_school,
)
from gateway.store.store import Store, StoreError

PROVINCE = Region("zj", "浙江省", "Zhejiang")
CITY = Region("hz", "杭州市", "Hangzhou", parent="zj")
COUNTY = Region("a-county", "某县", parent="hz")
SCHOOL = School("no3-middle", "第三中学", "No. 3 Middle School", region="a-county")
HALL = Place("hall", "no3-middle", "教学楼")
ROOM = Place("a-301", "no3-middle", "301", parent="hall")
GATE = Device(
    "no3-middle", "gate-01", "alarm-button", row=1, parameters={"pressed": {"escalate_s": 30}}
)
SMOKE = Device("no3-middle", "lab-2", "smoke", row=2, place="a-301", repeater="rep-1")


@pytest.fixture
def filled(store: Store) -> Store:
    statements = (
        put_regions([COUNTY, CITY, PROVINCE])
        + put_schools([SCHOOL])
        + put_places([ROOM, HALL])
        + put_devices([GATE, SMOKE])
    )
    store.commit(Batch(statements=statements)).result(10)
    return store


def test_what_was_registered_is_read_back_parents_first(filled: Store) -> None:
    assert filled.read(read_registry) == Registry(
        regions=[PROVINCE, CITY, COUNTY],
        schools=[SCHOOL],
        places=[HALL, ROOM],
        devices=[GATE, SMOKE],
    )


def test_registering_again_changes_nothing_and_an_overwritten_device_keeps_its_row(
    filled: Store,
) -> None:
    before = filled.read(read_registry)
    filled.commit(
        Batch(statements=put_regions(before.regions) + put_devices(before.devices))
    ).result(10)
    assert filled.read(read_registry) == before
    moved = Device("no3-middle", "gate-01", "alarm-button", name_zh="大门", place="hall")
    filled.commit(Batch(statements=put_devices([moved]))).result(10)
    stored = filled.read(one_device("no3-middle", "gate-01"))
    assert stored is not None
    assert (stored.row, stored.name_zh, stored.parameters) == (1, "大门", {})


def test_the_row_of_a_removed_device_is_never_given_to_another(filled: Store) -> None:
    filled.commit(Batch(states={2: b"{}"})).result(10)
    filled.commit(Batch(statements=remove_device("no3-middle", "lab-2"))).result(10)
    assert filled.read(one_device("no3-middle", "lab-2")) is None
    assert filled.load().states == {}
    next_one = Device("no3-middle", "lab-3", "smoke")
    filled.commit(Batch(statements=put_devices([next_one]))).result(10)
    stored = filled.read(one_device("no3-middle", "lab-3"))
    assert stored is not None
    assert stored.row == 3


def test_a_school_goes_with_all_that_is_in_it_and_its_readings_stay(filled: Store) -> None:
    filled.commit(
        Batch(
            readings=readings(3),
            statements=put_parameters("no3-middle", "smoke", {"smoke": {"limit": 1}}),
        )
    ).result(10)
    listed = {"no3-middle": [Contact("guard", "1001")]}
    filled.commit(contacts_set(listed, {}, by="li", now=0)).result(10)
    filled.commit(Batch(statements=remove_school("no3-middle"))).result(10)
    assert filled.read(contacts_of(listed)) == {}
    assert filled.read(read_registry) == Registry([PROVINCE, CITY, COUNTY], [], [], [])
    assert filled.read(read_parameters) == {}
    assert len(filled.read(rows_of(schema.readings))) == 3


def test_a_region_that_holds_others_stays(filled: Store) -> None:
    with pytest.raises(StoreError):
        filled.commit(Batch(statements=remove_region("hz"))).result(10)
    assert filled.read(read_registry).regions == [PROVINCE, CITY, COUNTY]


def test_a_place_is_taken_away(filled: Store) -> None:
    filled.commit(Batch(statements=remove_places([ROOM]))).result(10)
    assert filled.read(read_registry).places == [HALL]


def test_a_schools_own_figures_are_set_and_taken_away(filled: Store) -> None:
    figures: dict[str, dict[str, object]] = {"threshold": {"high": 57.5}}
    filled.commit(Batch(statements=put_parameters("no3-middle", "smoke", figures))).result(10)
    assert filled.read(read_parameters) == {("no3-middle", "smoke"): figures}
    assert filled.load().school_parameters == {("no3-middle", "smoke"): figures}
    filled.commit(Batch(statements=put_parameters("no3-middle", "smoke", {}))).result(10)
    assert filled.read(read_parameters) == {}


def test_the_version_of_the_register_grows(filled: Store) -> None:
    versions = [filled.read(register_version)]
    for _ in range(12):
        filled.commit(Batch(statements=next_register_version())).result(10)
        versions.append(filled.read(register_version))
    assert versions == ["", *(str(n) for n in range(1, 13))]


def test_regions_within_each_other_come_out_all_the_same() -> None:
    a, b = Region("a", "a", parent="b"), Region("b", "b", parent="a")
    lost = Region("c", "c", parent="nowhere")
    assert sorted(region.id for region in parents_first([a, b, lost])) == ["a", "b", "c"]


def test_a_device_without_readings_has_no_metrics(filled: Store) -> None:
    assert filled.read(metrics_of(1)) == []
