"""The figures of the alarm system with the names of what the alerts came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from alerts.correlation import place_of
from alerts.figures import TOP, WAITS, Figures, Source, SourceFigures, Targets
from devices.model import Device
from gateway.api.models.alerts import AlertDeviceOut
from gateway.api.models.performance import (
    BarOut,
    FiguresOut,
    PriorityFiguresOut,
    SourceFiguresOut,
    SourceOut,
    StaleOut,
    TargetsOut,
    WaitOut,
)
from gateway.api.models.shapes import Names
from gateway.api.present import PRIORITY_NAMES
from gateway.api.present_causes import InCommon
from gateway.api.register import Register, names
from gateway.words import Words

LISTED: Final = 50
"""Stale alerts, and sources that chatter, in one answer; the counts are of all."""


class PerformancePresenter:
    """Puts names to figures. ``device_of`` gives a registered device by its row."""

    def __init__(
        self,
        *,
        register: Register,
        words: Words,
        device_of: Callable[[int], Device | None],
        in_common: InCommon,
    ) -> None:
        self._register = register
        self._words = words
        self._device_of = device_of
        self._in_common = in_common

    def figures(self, found: Figures) -> FiguresOut:
        """All that is shown of a period."""
        targets = Targets()
        ends: tuple[int | None, ...] = (*WAITS, None)
        return FiguresOut(
            since=found.since,
            until=found.until,
            activations=found.activations,
            operator_hours=found.operator_hours,
            per_operator_hour=found.per_operator_hour,
            mean=found.mean,
            busiest=found.busiest,
            floods=found.floods,
            flooded=found.flooded,
            acknowledged=found.acknowledged,
            median_ms=found.acknowledge_median,
            p95_ms=found.acknowledge_p95,
            waits=[
                WaitOut(up_to_ms=end, count=count)
                for end, count in zip(ends, found.waits, strict=True)
            ],
            waiting=found.waiting,
            standing=found.standing,
            stale=len(found.stale),
            stale_alerts=[
                StaleOut(
                    alert=one.alert,
                    source=self.source(one.source),
                    priority=PRIORITY_NAMES[one.priority],
                    since=one.since,
                )
                for one in found.stale[:LISTED]
            ],
            alerts=found.alerts,
            false=found.false,
            false_share=found.false_share,
            priorities=[
                PriorityFiguresOut(
                    priority=PRIORITY_NAMES[priority],
                    activations=one.activations,
                    acknowledged=one.acknowledged,
                    median_ms=one.median,
                    p95_ms=one.p95,
                )
                for priority, one in found.priorities.items()
            ],
            top=[self._source_figures(one, found.activations) for one in found.sources[:TOP]],
            top_share=found.top_share,
            sources=len(found.sources),
            chattering=len(found.chattering),
            chatterers=[
                self._source_figures(one, found.activations) for one in found.chattering[:LISTED]
            ],
            span_ms=found.span,
            bars=[
                BarOut(
                    start=one.start,
                    activations=one.activations,
                    operator_hours=one.operator_hours,
                    flooded=one.flooded,
                )
                for one in found.bars
            ],
            targets=TargetsOut(
                per_operator_hour=targets.per_operator_hour,
                busiest=targets.busiest,
                flooded=targets.flooded,
                top_share=targets.top_share,
                stale=targets.stale,
                chattering=targets.chattering,
            ),
        )

    def _source_figures(self, one: SourceFigures, activations: int) -> SourceFiguresOut:
        return SourceFiguresOut(
            source=self.source(one.source),
            priority=PRIORITY_NAMES[one.priority],
            activations=one.activations,
            share=one.activations / activations,
            alerts=one.alerts,
            false=one.false,
            chattering=one.chattering,
        )

    def source(self, source: Source) -> SourceOut:
        """What alerts come from, by name."""
        device = self._device_of(source.device)
        place = place_of(source.scope) if device is None else device.place
        return SourceOut(
            school=source.school,
            school_name=self._register.school_name(source.school),
            device=self._device(source, device),
            place=self._register.place_path(source.school, place),
            condition=source.condition,
        )

    def _device(self, source: Source, device: Device | None) -> AlertDeviceOut:
        school = source.school
        if not school:
            own = self._words.both("device.gateway")
            name = Names(zh=own["zh"], en=own["en"])
            return AlertDeviceOut(school="", id="gateway", kind="gateway", name=name)
        if source.scope:
            name = self._in_common.scope(school, source.scope).name
            return AlertDeviceOut(school=school, id=source.scope, kind="", name=name)
        if device is None:
            number = str(source.device)  # off the register; its past stays
            return AlertDeviceOut(
                school=school, id=number, kind="", name=Names(zh=number, en=number)
            )
        return AlertDeviceOut(
            school=school,
            id=device.id,
            kind=device.kind,
            name=names(device.name_zh, device.name_en, device.id),
        )
