"""Police links as the page sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from alerts.alert import Alert, Forward
from audit.verification.model import Verification
from devices.police_link.figures import (
    DayTally,
    MonthFigures,
    Outage,
    by_month,
    month_of,
    outages_of,
)
from devices.police_link.link import Exchange, Path
from devices.police_link.states import Cause, LinkState, PathState, PathView, View
from gateway.api.models.links import (
    AlertExchangeOut,
    AlertPoliceLinkOut,
    AlertPoliceOut,
    LinkCountsOut,
    LinkDetailOut,
    LinkExchangeOut,
    LinkFiguresOut,
    LinkMonthOut,
    LinkOut,
    LinkPathOut,
    LinkTestOut,
    OutageOut,
)
from gateway.api.models.shapes import Names
from gateway.api.reading import Reading
from gateway.api.register import Register
from gateway.clock import Clock
from gateway.police.desk import LinksDesk
from gateway.police.evidence import ExchangeFact, readable
from gateway.police.forwarding import link_id
from gateway.police.links import DAY, LinkInfo
from gateway.store.links import StateRow, days_since, states_of, states_since
from gateway.store.read.links import latest_tests
from gateway.words import Words

MONTHS: Final = 13
OUTAGES: Final = 100
_STATES_READ: Final = 2000
_NOTHING: Final = LinkFiguresOut(
    availability_pct=None, mean_ack_ms=None, max_ack_ms=None, outages=0, down_ms=0
)


def counts_of_links(counts: Mapping[LinkState, int] | None) -> LinkCountsOut | None:
    """How many links are in which state; ``None`` when there are none."""
    if counts is None:
        return None
    by_name = {state.value: counts.get(state, 0) for state in LinkState}
    return LinkCountsOut(**by_name, total=sum(counts.values()))


def police_of(alert: Alert, links: Mapping[str, LinkInfo]) -> AlertPoliceOut | None:
    """How an alert fares with the police; ``None`` when it does not go there."""
    state = alert.police
    if state is None:
        return None
    return AlertPoliceOut(
        state=state, links=[_forward(alert.school, one, links) for one in alert.forwards]
    )


def _forward(school: str, one: Forward, links: Mapping[str, LinkInfo]) -> AlertPoliceLinkOut:
    link = link_id(school, one.link)
    info = links.get(link)
    return AlertPoliceLinkOut(
        link=link,
        name=one.link,
        telephone="" if info is None else info.telephone,
        state=one.state,
        path=Path(one.path) if one.path in set(Path) else None,
        ack_ms=one.ack_ms,
        attempts=one.attempts,
        since=one.since,
        why=one.result,
        error=one.error,
    )


def exchange_out(one: Exchange) -> LinkExchangeOut:
    """One exchange, its bytes readable."""
    return LinkExchangeOut(
        path=one.path,
        started=one.started,
        elapsed_ms=round(one.elapsed_ms, 1),
        result=one.result.value,
        reason=one.reason,
        sent=readable(one.sent),
        received=readable(one.received),
    )


def exchange_of_alert(one: ExchangeFact) -> AlertExchangeOut:
    """The same, of a fact."""
    return AlertExchangeOut(
        link=one.link,
        path=Path(one.path),
        started=one.started,
        elapsed_ms=round(one.elapsed_ms, 1),
        result=one.result,
        reason=one.reason,
        sent=readable(one.sent),
        received=readable(one.received),
    )


class LinkPresenter:
    """Puts names, words and figures to the links."""

    def __init__(
        self, *, police: LinksDesk, register: Register, words: Words, clock: Clock, read: Reading
    ) -> None:
        self._police: Final = police
        self._register: Final = register
        self._words: Final = words
        self._clock: Final = clock
        self._read: Final = read

    async def links(self, infos: Sequence[LinkInfo]) -> list[LinkOut]:
        """Some links as they are now."""
        ids = [info.id for info in infos]
        now = self._clock.now()
        begin = _month_begin(now)
        days = await self._read(days_since(ids, begin // DAY))
        states = await self._read(states_since(ids, begin))
        tests = await self._read(latest_tests(ids))
        return [
            self._link(
                info,
                _figures(days.get(info.id, []), _outages(states.get(info.id, [])), now),
                tests.get(info.id),
            )
            for info in infos
        ]

    async def link(self, info: LinkInfo) -> LinkDetailOut:
        """One link with its past."""
        (out,) = await self.links([info])
        first = self._clock.now() - MONTHS * 31 * DAY
        days = (await self._read(days_since([info.id], first // DAY))).get(info.id, [])
        outages = _outages(await self._read(states_of(info.id, _STATES_READ)))
        months = by_month(days, [one for one in outages if one.since >= first])
        return LinkDetailOut(
            **{name: getattr(out, name) for name in LinkOut.model_fields},
            outages=[self._outage(one) for one in outages[-OUTAGES:]][::-1],
            months=[_month(one) for one in months[-MONTHS:]][::-1],
            exchanges=[exchange_out(one) for one in self._police.exchanges(info.id)],
        )

    def _link(self, info: LinkInfo, month: LinkFiguresOut, test: Verification | None) -> LinkOut:
        view = self._police.status(info.id)
        state, since, cause = (
            (LinkState.UNVERIFIED, self._clock.now(), Cause.STARTING)
            if view is None
            else (view.state, view.since, view.cause)
        )
        return LinkOut(
            id=info.id,
            school=info.school,
            school_name=self._register.school_name(info.school),
            name=info.name,
            kind=info.kind,
            state=state,
            since=since,
            cause=cause.value,
            cause_text=self._cause(cause),
            category=info.category.value,
            telephone=info.telephone,
            paths=_paths(info, view),
            last_test=_test(test),
            test_due=None if view is None else view.test_due,
            clock_offset_ms=None if view is None else view.clock_offset_ms,
            month=month,
        )

    def _outage(self, one: Outage) -> OutageOut:
        return OutageOut(
            state=one.state,
            since=one.since,
            until=one.until,
            cause=one.cause.value,
            cause_text=self._cause(one.cause),
        )

    def _cause(self, cause: Cause) -> Names:
        text = self._words.both(f"link.cause.{cause.value}")
        return Names(zh=text["zh"], en=text["en"])


def _paths(info: LinkInfo, view: View | None) -> list[LinkPathOut]:
    known = {one.path: one for one in (() if view is None else view.paths)}
    shown = []
    for one in info.paths:
        seen = known.get(one.path) or PathView(path=one.path, state=PathState.UNKNOWN)
        shown.append(
            LinkPathOut(
                path=one.path,
                address=one.address,
                transport=one.transport,
                encrypted=one.encrypted,
                state=seen.state,
                last_ack=seen.last_ack,
                ack_ms=None if seen.ack_ms is None else round(seen.ack_ms, 1),
                why="" if seen.why is None else seen.why.value,
                error=seen.error,
            )
        )
    return shown


def _test(run: Verification | None) -> LinkTestOut | None:
    if run is None or run.ended is None or run.verdict is None:
        return None
    return LinkTestOut(id=run.id, ended=run.ended, verdict=run.verdict.value)


def _outages(rows: Sequence[StateRow]) -> list[Outage]:
    return outages_of((LinkState(row.state), row.since, Cause(row.cause)) for row in rows)


def _month_begin(now: int) -> int:
    today = datetime.fromtimestamp(now / 1000, UTC)
    return round(datetime(today.year, today.month, 1, tzinfo=UTC).timestamp() * 1000)


def _figures(days: Sequence[DayTally], outages: Sequence[Outage], now: int) -> LinkFiguresOut:
    """Of the present month."""
    present = month_of(now)
    found = next((one for one in by_month(days, outages) if one.month == present), None)
    if found is None:
        return _NOTHING
    month = _month(found)
    return LinkFiguresOut(**{name: getattr(month, name) for name in LinkFiguresOut.model_fields})


def _month(one: MonthFigures) -> LinkMonthOut:
    return LinkMonthOut(
        month=one.month,
        availability_pct=one.availability_pct,
        mean_ack_ms=None if one.mean_ack_ms is None else round(one.mean_ack_ms, 1),
        max_ack_ms=None if one.max_ack_ms is None else round(one.max_ack_ms, 1),
        outages=one.outages,
        down_ms=one.down_ms,
    )
