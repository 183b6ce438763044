"""Alerts, devices and the feed as the page sees them: with names, places and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from alerts.alert import Alert, Transition
from alerts.evidence import Reason
from alerts.finding import Explanation, Priority
from devices.model import Device
from gateway.api.kinds import KindTable
from gateway.api.models.alerts import (
    AlertDeviceOut,
    AlertOut,
    CountOut,
    CountsOut,
    ExplanationOut,
    FeedOut,
    LiveAlertOut,
    TransitionOut,
)
from gateway.api.models.devices import DeviceOut, Health, WhyOut
from gateway.api.models.diagnosis import ReasonOut
from gateway.api.models.shapes import Names
from gateway.api.police import police_of
from gateway.api.present_causes import InCommon
from gateway.api.present_maintenances import mark_of
from gateway.api.present_response import Responses, report_due_out
from gateway.api.reading import Reading
from gateway.api.register import Register, names
from gateway.desk import DeviceConnection, DeviceLive, Feed, LiveAlert
from gateway.diagnosing import cause_of
from gateway.maintenance.service import Maintenances
from gateway.police.links import LinkInfo
from gateway.settings_fields import PriorityName
from gateway.store.read.alerts import open_alerts_of
from gateway.words import Words, diagnosing
from gateway.words.explaining import explained

PRIORITY_NAMES: Final[Mapping[Priority, PriorityName]] = {
    each: PriorityName[each.name] for each in Priority
}

_NOT_HEARD: Final = DeviceLive(
    heard=None,
    expected=None,
    happened=None,
    offset=None,
    online=None,
    values={},
    lost=0,
    messages=0,
)


def feed_out(feed: Feed) -> FeedOut:
    """Whether messages arrive."""
    return FeedOut(
        now=feed.now,
        connected=feed.connected,
        last_message=feed.last_message,
        rate=feed.rate,
        trouble=list(feed.trouble),
    )


def counts_out(counts: Mapping[Priority, tuple[int, int]]) -> CountsOut:
    """Open alerts by priority; those that are missing are none."""
    shown = {
        PRIORITY_NAMES[each].value: CountOut(open=standing, unacknowledged=unacknowledged)
        for each in Priority
        for standing, unacknowledged in (counts.get(each, (0, 0)),)
    }
    return CountsOut(**shown)


class Presenter:
    """Puts words to alerts and devices.

    ``live`` and ``connection`` tell what is known of a device right now; ``device_of`` gives a
    registered device by its row. Alerts wait for no store: everything they are shown with is in
    memory.
    """

    def __init__(
        self,
        *,
        register: Register,
        kinds: KindTable,
        words: Words,
        live: Callable[[str, str], DeviceLive | None],
        connection: Callable[[str, str], DeviceConnection | None],
        device_of: Callable[[int], Device | None],
        read: Reading,
        now: Callable[[], int],
        links: Mapping[str, LinkInfo],
        maintenances: Maintenances,
        responses: Responses,
        in_common: InCommon,
    ) -> None:
        self._register = register
        self._kinds = kinds
        self._words = words
        self._live = live
        self._connection = connection
        self._device_of = device_of
        self._read = read
        self._links = links
        self._maintenances = maintenances
        self._responses = responses
        self._in_common = in_common
        self._now = now

    def explanation(self, why: Explanation) -> ExplanationOut:
        """Why, with the sentence in both languages."""
        return ExplanationOut(
            rule=why.rule,
            code=why.code,
            inputs=why.inputs,
            limit=why.limit,
            unit=why.unit,
            source=why.source,
            metric=why.metric,
            text=self._sentence(why),
        )

    def reason(self, reason: Reason) -> ReasonOut:
        """A reason of a diagnosis, with what to do about it."""
        text, todo = diagnosing.why(self._words, reason), diagnosing.advice(self._words, reason)
        return ReasonOut(
            code=reason.code,
            text=Names(zh=text["zh"], en=text["en"]),
            advice=Names(zh=todo["zh"], en=todo["en"]),
            priority=_name_of(reason.priority),
            since=reason.since,
            alert=reason.alert,
        )

    def _sentence(self, why: Explanation) -> Names:
        text = explained(self._words, why)
        return Names(zh=text["zh"], en=text["en"])

    def _both(self, key: str, **inputs: bool | float | str | None) -> Names:
        text = self._words.both(key, **inputs)
        return Names(zh=text["zh"], en=text["en"])

    def alert(self, alert: Alert) -> AlertOut:
        """An alert with the names of its device, school and place."""
        device = self._device_of(alert.device)
        return AlertOut(
            id=alert.id,
            version=alert.version,
            state=alert.state,
            active=alert.active,
            priority=PRIORITY_NAMES[alert.priority],
            condition=alert.condition,
            school=alert.school,
            school_name=self._register.school_name(alert.school),
            device=self._alert_device(alert, device),
            place=None if device is None else self._register.place_path(alert.school, device.place),
            raised=alert.raised,
            known=alert.known,
            last_occurrence=alert.last_occurrence,
            occurrences=alert.occurrences,
            returned=alert.returned,
            acknowledged=alert.acknowledged,
            acknowledged_by=alert.acknowledged_by,
            assigned_to=alert.assigned_to,
            shelved_until=alert.shelved_until,
            shelved_by=alert.shelved_by,
            suppressed=alert.suppressed,
            maintenance=mark_of(self._maintenances.hiding(alert)),
            escalated=alert.escalated,
            escalation_step=alert.escalation_step,
            called=list(alert.called),
            louder=alert.louder,
            closed=alert.closed,
            is_false=alert.is_false,
            false_proposed_by=alert.false_proposed_by,
            false_reason=alert.false_reason,
            latches=alert.latches,
            remark=alert.remark,
            explanation=self.explanation(alert.explanation),
            scope=alert.scope,
            victims=self._in_common.victims(alert),
            police=police_of(alert, self._links),
            reports=[report_due_out(due) for due in self._responses.dues(alert)],
        )

    def live(self, event: LiveAlert) -> bytes:
        """An event of the stream as JSON."""
        shown = LiveAlertOut(
            row=event.row,
            alert=self.alert(event.alert),
            transition=self.transition(event.row, event.transition),
        )
        return shown.model_dump_json().encode()

    def _alert_device(self, alert: Alert, device: Device | None) -> AlertDeviceOut:
        if alert.school == "":
            return AlertDeviceOut(
                school="", id="gateway", kind="gateway", name=self._both("device.gateway")
            )
        if alert.scope:
            return self._in_common.scope(alert.school, alert.scope)
        if device is None:
            # Off the register, or never on it: then the finding itself names the device.
            number = str(alert.explanation.inputs.get("device") or alert.device)
            return AlertDeviceOut(
                school=alert.school, id=number, kind="", name=Names(zh=number, en=number)
            )
        return AlertDeviceOut(
            school=device.school, id=device.id, kind=device.kind, name=_name(device)
        )

    def transition(self, row: int, transition: Transition) -> TransitionOut:
        """One thing that happened to an alert."""
        return TransitionOut(
            row=row,
            version=transition.version,
            kind=transition.kind,
            state=transition.state,
            happened=transition.happened,
            known=transition.known,
            actor=transition.actor,
            detail=transition.detail,
        )

    async def devices(self, found: Iterable[Device]) -> list[DeviceOut]:
        """Devices with what is known of them right now, and why they are as they are."""
        listed = list(found)
        alerts = await self._read(open_alerts_of([device.row for device in listed]))
        return [self._device(device, alerts.get(device.row, [])) for device in listed]

    def _device(self, device: Device, alerts: list[Alert]) -> DeviceOut:
        live = self._live(device.school, device.id) or _NOT_HEARD
        health, why = self._health(device, live, alerts)
        return DeviceOut(
            school=device.school,
            school_name=self._register.school_name(device.school),
            id=device.id,
            kind=device.kind,
            name=_name(device),
            place=self._register.place_path(device.school, device.place),
            place_id=device.place,
            dialect=device.dialect,
            address=device.address,
            repeater=device.repeater,
            out_of_service=device.out_of_service,
            maintenance=mark_of(self._maintenances.at(device)),
            heard=live.heard or None,
            expected=live.expected,
            happened=live.happened or None,
            offset=live.offset,
            online=live.online,
            battery_pct=_number(live.values.get("battery_pct")),
            rssi_dbm=_number(live.values.get("rssi_dbm")),
            lqi=_number(live.values.get("lqi")),
            firmware=live.firmware or None,
            lost=live.lost,
            messages=live.messages,
            values=live.values,
            health=health,
            why=why,
        )

    def _health(
        self, device: Device, live: DeviceLive, alerts: list[Alert]
    ) -> tuple[Health, list[WhyOut]]:
        """Trouble when alerts stand; else unknown when nothing proves that it is well; else ok."""
        connection = self._connection(device.school, device.id)
        cause = None
        if connection is not None:
            cause = cause_of(device, connection, alerts, self._now())
        why = [
            WhyOut(text=self._sentence(alert.explanation), priority=PRIORITY_NAMES[alert.priority])
            for alert in alerts
        ]
        reason = None
        if device.out_of_service:
            reason = "out_of_service"
        elif not live.heard:
            reason = "never_heard"
        if reason is not None:
            why.append(WhyOut(text=self._both(f"device.why.{reason}"), priority=None))
        if cause is not None:
            why.insert(0, WhyOut(text=self.reason(cause).text, priority=_name_of(cause.priority)))
        if alerts:
            return Health.TROUBLE, why
        known = reason is None and cause is None
        return (Health.OK if known else Health.UNKNOWN), why

    def limit(self, rule: str, parameter: str) -> Names:
        """The label of a line drawn across a curve."""
        text = self._words.or_else(f"limit.{rule}.{parameter}", f"{rule}: {parameter}")
        return Names(zh=text["zh"], en=text["en"])


def _name_of(priority: Priority | None) -> PriorityName | None:
    return None if priority is None else PRIORITY_NAMES[priority]


def _name(device: Device) -> Names:
    return names(device.name_zh, device.name_en, device.id)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
