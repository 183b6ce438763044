"""Which alerts go to the police over which links, and what is said of them."""

from __future__ import annotations

import msgspec
import pytest
from pydantic import SecretStr

from alerts.alert import (
    Acknowledge,
    Action,
    Alert,
    ConfirmFalse,
    MarkFalse,
    TransitionKind,
)
from alerts.course import replay
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits
from devices.model import Device
from devices.police_link.link import Code, LinkEvent
from gateway.clock import ManualClock
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.work import Work
from gateway.police.forwarding import (
    ALARM_SEQUENCES,
    Forwarding,
    Surroundings,
    decode_event,
)
from gateway.settings_police import PoliceLinkSettings
from gateway.store.batch import Batch

BUTTON = Device("no3", "gate-01", "alarm-button", row=1)
SMOKE = Device("no3", "lab-2", "smoke", row=1002)
LINK = Device("no3", "110", "police-link", row=7)
CAMERA = Device("no3", "cam-1", "camera", row=5, name_zh="校门", place="gate")


def link(name: str = "110", **more: object) -> PoliceLinkSettings:
    return PoliceLinkSettings.model_validate(
        {
            "name": name,
            "category": "SP5",
            "schools": {"no3": {"account": "1234", "zones": {"gate-01": 7}, "contact": "门卫"}},
            "dc09": {"primary": {"address": "127.0.0.1:7700"}},
            **more,
        }
    )


class Told:
    """A book whose alerts go to the police, and what they were told."""

    def __init__(self, *links: PoliceLinkSettings) -> None:
        self.clock = ManualClock()
        forwarding = Forwarding(links, self._where)
        self.book = AlertBook(
            limits=Limits(), told=[], on_deadline=lambda _: None, forwarding=forwarding
        )
        self.works: list[Work] = []

    def _where(self, alert: Alert) -> Surroundings:
        device = {each.row: each for each in (BUTTON, SMOKE, LINK)}.get(alert.device)
        return Surroundings(device, "第三中学", "校门", "有人按下报警按钮", (CAMERA,))

    def finds(
        self,
        condition: str = "panic",
        *,
        active: bool = True,
        priority: Priority = Priority.EMERGENCY,
        occurrence: bool = True,
        device: Device = BUTTON,
        code: str = "pressed",
    ) -> list[LinkEvent]:
        now = self.clock.turn(1000)
        why = Explanation("test", code)
        finding = Finding(
            condition, active, priority, now, now, why, occurrence=occurrence and active
        )
        work = self._work()
        self.book.fold(finding, device, work)
        return events(work)

    def act(self, action: Action, actor: str = "olga") -> list[LinkEvent]:
        self.clock.turn(1000)
        work = self._work()
        alert = self.book.of(BUTTON.row, "panic")
        assert alert is not None
        self.book.act(alert, action, actor, work)
        return events(work)

    def _work(self) -> Work:
        work = Work(Batch(now=self.clock.now()))
        self.works.append(work)
        return work


def events(work: Work) -> list[LinkEvent]:
    return [decode_event(entry.body) for entry in work.batch.outbox]


def test_every_press_and_its_end_go_to_the_police_each_with_a_number_of_its_own() -> None:
    told = Told(link())
    (first,) = told.finds()
    (second,) = told.finds()
    (end,) = told.finds(active=False)
    assert [first.restore, second.restore, end.restore] == [False, False, True]
    assert len({first.key, second.key, end.key}) == 3
    assert len({first.sequence, second.sequence, end.sequence}) == 3
    assert all(1 <= one.sequence <= ALARM_SEQUENCES for one in (first, second, end))
    assert (first.code, first.zone, first.school_name, first.place, first.contact) == (
        Code.PANIC,
        7,
        "第三中学",
        "校门",
        "门卫",
    )
    assert first.cameras[0].recording == f"no3/cam-1/{first.happened - 30_000}"


def test_the_alert_says_from_its_first_version_that_it_is_being_sent() -> None:
    told = Told(link())
    told.finds()
    alert = told.book.of(BUTTON.row, "panic")
    assert alert is not None
    assert alert.version == 1
    assert alert.police == "sending"


@pytest.mark.parametrize(
    ("condition", "code", "wanted"),
    [
        ("smoke", "smoke_alarm", Code.SMOKE),
        ("fire", "fire", Code.FIRE),
        ("room_fire", "room_fire_confirmed", Code.FIRE),
        ("heat", "above", Code.HIGH_TEMPERATURE),
        ("some_new_emergency", "x", Code.PANIC),
    ],
)
def test_each_condition_has_its_code(condition: str, code: str, wanted: Code) -> None:
    (event,) = Told(link()).finds(condition, device=SMOKE, code=code)
    assert event.code is wanted
    assert event.zone == 3  # 1,002 in the register; the numbers begin anew after 999


def test_what_is_no_emergency_does_not_go_until_it_becomes_one() -> None:
    told = Told(link())
    assert told.finds("heat", priority=Priority.HIGH, occurrence=False) == []
    (event,) = told.finds("heat", occurrence=False)
    assert not event.restore


def test_a_link_may_carry_some_conditions_only() -> None:
    told = Told(link(conditions=["fire"]))
    assert told.finds("panic") == []
    assert told.finds("panic", active=False) == []
    assert len(told.finds("fire", device=SMOKE)) == 1


def test_two_links_of_a_school_both_carry_it_and_only_they() -> None:
    told = Told(link(), link("district"), link("elsewhere", schools={"no5": {"account": "99A"}}))
    assert len(told.finds()) == 2
    receivers = [entry.receiver for entry in told.works[-1].batch.outbox]
    assert receivers == ["police:no3/110", "police:no3/district"]


def test_what_is_wrong_with_a_link_is_not_sent_over_it() -> None:
    assert Told(link()).finds("police_unreached") == []


def test_an_alarm_that_people_find_false_while_it_is_active_ends_for_the_police_once() -> None:
    told = Told(link())
    told.finds()
    assert told.act(Acknowledge()) == []
    assert told.act(MarkFalse("drill")) == []
    (end,) = told.act(ConfirmFalse(agree=True), actor="oscar")
    assert end.restore
    assert [one.transition.kind for one in told.works[-1].batch.transitions][-1] is (
        TransitionKind.CLOSED
    )


def platform(**more: object) -> PoliceLinkSettings:
    secret = SecretStr("sixteen bytes at least")
    http = {"url": "https://platform.example.cn/", "secret": secret, **more}
    return link("platform", dc09=None, http=http)


def test_a_platform_hears_of_faults_of_devices_and_of_their_end_behind_no_alarm() -> None:
    told = Told(platform(), link())
    (fault,) = told.finds("battery_low", priority=Priority.LOW, occurrence=False, device=SMOKE)
    assert (fault.code, fault.restore) == (Code.LOW_BATTERY, False)
    (row,) = told.works[-1].batch.outbox
    assert row.receiver == "police:no3/platform/faults"
    (end,) = told.finds("battery_low", active=False, priority=Priority.LOW, device=SMOKE)
    assert (end.code, end.restore) == (Code.LOW_BATTERY, True)
    assert told.works[-1].batch.outbox[0].receiver == row.receiver
    assert len(told.finds()) == 2, "an alarm goes over both"


def test_a_platform_that_wants_none_and_faults_that_are_none_of_its_business() -> None:
    quiet = Told(platform(faults=False))
    assert quiet.finds("silent", priority=Priority.HIGH, occurrence=False) == []
    told = Told(platform())
    assert told.finds("rejected", priority=Priority.LOW, occurrence=False) == []
    assert told.finds("silent", priority=Priority.HIGH, occurrence=False, device=LINK) == []


def test_what_is_hidden_by_maintenance_is_hidden_from_the_platform() -> None:
    told = Told(platform())
    away = msgspec.structs.replace(SMOKE, out_of_service=True)
    assert told.finds("silent", priority=Priority.HIGH, occurrence=False, device=away) == []
    assert told.finds("silent", active=False, priority=Priority.HIGH, device=away) == []


def test_the_record_alone_proves_where_it_stands() -> None:
    told = Told(link())
    told.finds()
    told.finds()
    transitions = [one.transition for work in told.works for one in work.batch.transitions]
    assert replay(transitions) == told.book.of(BUTTON.row, "panic")
