"""The overview as it is answered: each school is put into bytes once for all who ask."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from alerts.finding import Priority
from devices.model import School
from devices.police_link.states import LinkState
from gateway.api.present import PRIORITY_NAMES
from gateway.names import either
from gateway.overview.census import Tally, total
from gateway.overview.standing import NOTHING_OPEN, Doubt, SchoolView, Standing, view_of

if TYPE_CHECKING:
    from gateway.api.present_causes import InCommon
    from gateway.api.register import Register
    from gateway.clock import Clock
    from gateway.desk import Feed
    from gateway.maintenance.service import Maintenances
    from gateway.overview.survey import Seen, Survey
    from gateway.police.desk import LinksDesk


AT_ONCE: Final = 200
"""Schools put into JSON before other work gets its turn, some 2 ms."""

MOST_KEPT: Final = 64
"""Answers kept while nothing new was seen, one for each scope: some 30 MB at the very most."""

_json: Final = msgspec.json.Encoder().encode


class Overviews:
    """Puts what the survey saw together with links, maintenances and floods, and into JSON.

    A thousand schools are half a megabyte: what is the same for everybody is made once.
    """

    def __init__(
        self,
        *,
        survey: Survey,
        register: Register,
        police: LinksDesk,
        maintenances: Maintenances,
        in_common: InCommon,
        feed: Callable[[], Feed],
        clock: Clock,
    ) -> None:
        self._survey: Final = survey
        self._register: Final = register
        self._police: Final = police
        self._maintenances: Final = maintenances
        self._in_common: Final = in_common
        self._feed: Final = feed
        self._clock: Final = clock
        self._one: Final = asyncio.Lock()
        self._seen: Seen | None = None
        self._answers: dict[frozenset[str] | None, bytes] = {}
        self._rows: dict[str, tuple[SchoolView, msgspec.Raw]] = {}

    async def answer(self, schools: frozenset[str] | None) -> bytes:
        """An `OverviewOut` of these schools; ``None`` = all."""
        async with self._one:
            seen = await self._survey.seen()
            if seen is not self._seen:
                self._rows = await self._made(seen)
                self._answers.clear()
                self._seen = seen
            if schools not in self._answers:
                if len(self._answers) >= MOST_KEPT:
                    self._answers.clear()
                self._answers[schools] = self._answered(schools, seen)
            return self._answers[schools]

    def _answered(self, schools: frozenset[str] | None, seen: Seen) -> bytes:
        shown = [row for school, row in self._rows.items() if schools is None or school in schools]
        return _json(
            {
                "now": self._clock.now(),
                "feed": self._feed(),
                "gateway": _standing(seen.standings.get("", NOTHING_OPEN)),
                "totals": _totals([view for view, _ in shown]),
                "schools": [row for _, row in shown],
            }
        )

    async def _made(self, seen: Seen) -> dict[str, tuple[SchoolView, msgspec.Raw]]:
        links: dict[str, list[LinkState]] = {}
        for link in self._police.links.values():
            links.setdefault(link.school, []).append(self._police.state(link.id))
        maintenances = self._maintenances.by_school()
        floods = {flood.school: flood.count for flood in self._in_common.floods(None)}
        rows = {}
        for number, school in enumerate(self._register.schools, 1):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
            view = view_of(
                school.id,
                standing=seen.standings.get(school.id),
                census=seen.census.get(school.id),
                links=links.get(school.id, ()),
                maintenances=maintenances.get(school.id, 0),
                flood=floods.get(school.id),
            )
            rows[school.id] = view, msgspec.Raw(_json(_school(school, view)))
        return rows


class _School(msgspec.Struct):
    """A `SchoolOverviewOut` as it is written: to check our own figures with the model of the
    document takes longer than to count them."""

    school: str
    name: Mapping[str, str]
    region: str | None
    worst: str | None
    waiting: str | None
    waiting_since: int | None
    open: Mapping[str, int]
    unacknowledged: Mapping[str, int]
    police: LinkState | None
    devices: Tally
    cameras: Tally
    recorders: Tally
    heard: int | None
    maintenances: int
    flood: int | None
    doubt: Doubt | None


def _school(school: School, view: SchoolView) -> _School:
    return _School(
        school=school.id,
        name=either(school.name_zh, school.name_en, school.id)._asdict(),
        region=school.region,
        police=view.police,
        devices=view.devices,
        cameras=view.cameras,
        recorders=view.recorders,
        heard=view.heard,
        maintenances=view.maintenances,
        flood=view.flood,
        doubt=view.doubt,
        **_standing(view.standing),
    )


def _standing(standing: Standing) -> dict[str, Any]:
    if not standing.any:
        return _CALM  # most schools, most of the time
    worst, waiting = standing.worst, standing.waiting
    return {
        "worst": None if worst is None else PRIORITY_NAMES[worst],
        "waiting": None if waiting is None else PRIORITY_NAMES[waiting],
        "waiting_since": standing.since,
        "open": _priorities(standing.open),
        "unacknowledged": _priorities(standing.unacknowledged),
    }


def _priorities(counts: Iterable[int]) -> dict[str, int]:
    return dict(zip(_NAMES, counts, strict=True))


def _link_counts(views: Sequence[SchoolView]) -> dict[str, int] | None:
    counts = Counter(view.police for view in views if view.police is not None)
    if not counts:
        return None
    return {**{state.value: counts[state] for state in LinkState}, "total": counts.total()}


def _totals(views: Sequence[SchoolView]) -> dict[str, object]:
    standings = [view.standing for view in views if view.standing.any]
    return {
        "schools": len(views),
        "troubled": len(standings),
        "unknown": sum(not view.standing.any and view.doubt is not None for view in views),
        "maintenances": sum(view.maintenances for view in views),
        "open": _summed(one.open for one in standings),
        "unacknowledged": _summed(one.unacknowledged for one in standings),
        "police": _link_counts(views),
        "devices": total(view.devices for view in views),
        "cameras": total(view.cameras for view in views),
        "recorders": total(view.recorders for view in views),
    }


def _summed(counts: Iterable[tuple[int, ...]]) -> dict[str, int]:
    return _priorities(map(sum, zip(NOTHING_OPEN.open, *counts, strict=True)))


_NAMES: Final = tuple(PRIORITY_NAMES[priority].value for priority in Priority)
_CALM: Final[dict[str, Any]] = {
    "worst": None,
    "waiting": None,
    "waiting_since": None,
    "open": _priorities(NOTHING_OPEN.open),
    "unacknowledged": _priorities(NOTHING_OPEN.open),
}
