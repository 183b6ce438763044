"""The police links of two schools, as the running gateway would show them."""

from __future__ import annotations

from collections.abc import Mapping

from devices.police_link.link import Exchange, Path, Result
from devices.police_link.states import Cause, LinkState, PathState, PathView, View
from gateway.police.links import LinkInfo, infos_of
from gateway.settings_police import PoliceLinkSettings

EXCHANGE = Exchange(
    path=Path.PRIMARY,
    started=1_795_161_600_000,
    elapsed_ms=12.34,
    sent=b'\n00010023"NULL"\r',
    received=b"\n\x06\xff",
    result=Result.GARBLED,
    reason="no answer that can be read",
)


class TwoLinks:
    """The links of two schools: one up, one down."""

    def __init__(self) -> None:
        settings = PoliceLinkSettings.model_validate(
            {
                "name": "110",
                "category": "SP5",
                "telephone": "0101-110",
                "schools": {"no3": {"account": "1234"}, "no5": {"account": "1235"}},
                "dc09": {"primary": {"address": "192.0.2.1:7700"}},
            }
        )
        self._links = infos_of([settings])
        self._states = {"no3/110": LinkState.UP, "no5/110": LinkState.DOWN}

    @property
    def links(self) -> Mapping[str, LinkInfo]:
        return self._links

    def state(self, link: str) -> LinkState:
        return self._states[link]

    def status(self, link: str) -> View | None:
        up = self._states[link] is LinkState.UP
        path = PathView(
            path=Path.PRIMARY, state=PathState.UP if up else PathState.DOWN, ack_ms=4.04
        )
        cause = Cause.ACKNOWLEDGED if up else Cause.SILENT
        return View(state=self._states[link], since=5, cause=cause, paths=(path,))

    def exchanges(self, link: str) -> list[Exchange]:
        return [EXCHANGE] if link == "no3/110" else []

    def counts(self, schools: frozenset[str] | None) -> dict[LinkState, int] | None:
        seen = [
            state
            for link, state in self._states.items()
            if schools is None or link.split("/")[0] in schools
        ]
        return {state: seen.count(state) for state in LinkState} if seen else None
