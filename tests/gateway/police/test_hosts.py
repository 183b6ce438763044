"""Links that a vendor's host keeps: up only by its word and people's word together."""

from __future__ import annotations

import pytest

from alerts.rules.rule import DeviceState, Hearing
from audit.verification.model import Verdict, Verification
from devices.model import Device
from devices.police_link.states import Cause, LinkState
from devices.reading import Value
from gateway.clock import ManualClock
from gateway.police.hosts import Hosts
from gateway.police.links import DAY, infos_of
from gateway.settings_police import PoliceLinkSettings

LINKS = infos_of(
    [PoliceLinkSettings.model_validate({"name": "host", "schools": {"no3": {}}, "observed": {}})]
)
LINK = "no3/host"


class Host:
    """An alarm host that reports its link."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.device = DeviceState(Device("no3", "host", "police-link", row=1), Hearing(), 0)
        self.hosts = Hosts(LINKS, state_of=lambda *_: self.device, clock=self.clock)

    def says(self, **values: Value) -> None:
        self.device.values.update(values)
        self.device.heard = self.clock.turn(1000)

    def attest(self, *, arrived: bool, ago: int = 0) -> None:
        verdict = Verdict.MET if arrived else Verdict.FAILED
        self.hosts.attested(LINK, said(verdict, self.clock.now() - ago))

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
