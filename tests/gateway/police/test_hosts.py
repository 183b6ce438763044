"""Links that a vendor's host keeps: up only by its word and people's word together."""

from __future__ import annotations

import msgspec
import pytest

from alerts.lifecycle import Limits
from alerts.rules.link_state import UNVERIFIED, LinkStateParameters, LinkStateRule
from alerts.rules.rule import DeviceState, Hearing
from audit.coverage import SchoolRecord, fold
from audit.fact import FactRow
from audit.verification.model import Verdict, Verification
from devices.model import Device
from devices.police_link.states import Cause, LinkState
from devices.reading import Value
from gateway.clock import ManualClock
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.work import Work
from gateway.police.hosts import Hosts
from gateway.police.links import DAY, infos_of
from gateway.police.stating import write_change
from gateway.settings_police import PoliceLinkSettings
from gateway.store.batch import Batch

LINKS = infos_of(
    [PoliceLinkSettings.model_validate({"name": "host", "schools": {"no3": {}}, "observed": {}})]
)
LINK = "no3/host"


class Host:
    """An alarm host that reports its link."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.device = DeviceState(Device("no3", "host", "police-link", row=1), Hearing(), 0)
        self.device.rules = (LinkStateRule(LinkStateParameters(), "link_state"),)
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.hosts = Hosts(LINKS, state_of=lambda *_: self.device, clock=self.clock)

    def says(self, **values: Value) -> None:
        self.device.values.update(values)
        self.device.heard = self.clock.turn(1000)

    def attest(self, *, arrived: bool, ago: int = 0) -> None:
        verdict = Verdict.MET if arrived else Verdict.FAILED
        self.hosts.attested(LINK, said(verdict, self.clock.now() - ago))

    def minutes(self, count: int, **values: Value) -> None:
        """It says the same each minute, and is looked at."""
        for _ in range(count):
            self.clock.turn(59_000)
            self.says(**values)
            self.look()

    def look(self) -> None:
        work = Work(Batch(now=self.clock.now()))
        for device, finding in self.hosts.findings(self.book):
            self.book.fold(finding, device, work)

    def alert(self) -> tuple[bool, object] | None:
        """Whether the alert that it is unverified is active, and why it was raised."""
        found = self.book.of(1, UNVERIFIED)
        return None if found is None else (found.active, found.explanation.inputs.get("cause"))

    def state(self) -> tuple[LinkState, Cause]:
        view = self.hosts.view(LINK)
        return view.state, view.cause


def said(verdict: Verdict, at: int) -> Verification:
    return Verification(
        id="a" * 32,
        kind="attested",
        school="no3",
        actor="tim",
        started=at - 60_000,
        ended=at,
        verdict=verdict,
    )


@pytest.fixture
def host() -> Host:
    return Host()


def test_a_host_that_says_up_is_not_believed_without_a_test_that_people_saw(host: Host) -> None:
    assert host.state() == (LinkState.UNVERIFIED, Cause.STARTING)
    host.says(state="up")
    assert host.state() == (LinkState.UNVERIFIED, Cause.NO_ATTESTATION)
    host.attest(arrived=True)
    assert host.state()[0] is LinkState.UP


def test_a_host_that_says_down_is_believed_at_once(host: Host) -> None:
    host.says(state="up")
    host.attest(arrived=True)
    host.says(state="down")
    assert host.state()[0] is LinkState.DOWN


def test_a_host_that_falls_silent_proves_nothing(host: Host) -> None:
    host.says(state="up")
    host.attest(arrived=True)
    host.clock.turn(200_000)
    assert host.state() == (LinkState.UNVERIFIED, Cause.HOST_SILENT)


def test_each_state_is_told_once(host: Host) -> None:
    """What is proven of the school rests on it."""
    assert host.hosts.changes({}) == {}, "nothing was heard yet"
    assert host.hosts.changes({LINK: "up"}) == {}
    host.says(state="up")
    host.attest(arrived=True)
    (change,) = host.hosts.changes({}).values()
    assert (change.state, change.of_state) == (LinkState.UP, True)
    assert host.hosts.changes({LINK: "up"}) == {}
    host.says(state="down")
    (change,) = host.hosts.changes({LINK: "up"}).values()
    assert (change.before, change.state) == (LinkState.UP, LinkState.DOWN)
    work = Work(Batch(now=host.clock.now()))
    write_change(LINK, change, work)
    (fact,) = work.batch.facts
    record = fold(SchoolRecord(school="no3"), FactRow(1, *msgspec.structs.astuple(fact)))
    assert record.links["host"].state == "down"


def test_a_word_that_nobody_gave_is_none(host: Host) -> None:
    host.says(state="up")
    host.hosts.attested(LINK, said(Verdict.UNKNOWN, host.clock.now()))
    assert host.state()[1] is Cause.NO_ATTESTATION


def test_a_test_that_the_police_did_not_see_and_one_of_last_month_prove_nothing(
    host: Host,
) -> None:
    host.says(state="up")
    host.attest(arrived=True, ago=31 * DAY)
    assert host.state()[1] is Cause.ATTESTATION_OLD
    host.attest(arrived=False)
    assert host.state()[1] is Cause.ATTESTATION_FAILED


def test_a_link_whose_test_nobody_attests_is_an_alert_after_a_while(host: Host) -> None:
    host.minutes(9, state="up")
    assert host.alert() is None, "a new one is tested first"
    host.minutes(2, state="up")
    assert host.alert() == (True, "no_attestation")
    host.attest(arrived=True)
    host.look()
    assert host.alert() == (False, "no_attestation")


@pytest.mark.parametrize(
    ("arrived", "ago", "cause"),
    [(True, 31 * DAY, "attestation_old"), (False, 0, "attestation_failed")],
)
def test_so_is_one_whose_last_word_is_too_old_or_bad(
    host: Host, arrived: bool, ago: int, cause: str
) -> None:
    host.attest(arrived=arrived, ago=ago)
    host.minutes(12, state="up")
    assert host.alert() == (True, cause)


def test_the_alert_stays_while_its_host_is_silent(host: Host) -> None:
    host.minutes(12, state="up")
    host.clock.turn(DAY)
    host.look()
    assert host.state()[1] is Cause.HOST_SILENT
    assert host.alert() == (True, "no_attestation")


def test_a_host_that_is_down_is_down_and_no_longer_unverified(host: Host) -> None:
    host.minutes(12, state="up")
    host.minutes(1, state="down")
    assert host.alert() == (False, "no_attestation")


def test_what_a_host_says_of_itself_is_left_to_the_rule(host: Host) -> None:
    host.attest(arrived=True)
    host.minutes(30, state="unverified")
    assert host.state() == (LinkState.UNVERIFIED, Cause.HOST_REPORTS)
    assert host.alert() is None


def test_a_state_began_when_it_began_and_not_with_the_last_report(host: Host) -> None:
    host.attest(arrived=True)
    host.minutes(1, state="up")
    begun = host.hosts.view(LINK).since
    host.minutes(5, state="up")
    assert host.hosts.view(LINK).since == begun
