"""Which of a link's paths is tried first, and the turn through them until one acknowledges."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from devices.police_link.link import Exchange, OnExchange, Path, Report, Result

ANSWER_TIMEOUT_S: Final = 0.8
"""Both paths in turn stay under 2 s with it, after which the telephone is called for."""

FAILED_PATH_RESTS_S: Final = 10.0
"""How long a path that gave no answer is tried after the other one.

Alarms of one school go out one by one: with a dead primary the second of ten would otherwise wait
for the time-out of the first, and so on. An acknowledgement over the path - each supervision
message asks for one - ends the rest at once.
"""

_NO_WAY: Final = frozenset({Result.SILENT, Result.UNREACHABLE, Result.GARBLED})


class Failover:
    """What the paths of one link last came to, as far as it matters for which comes first."""

    def __init__(self, paths: Iterable[Path], rest_s: float = FAILED_PATH_RESTS_S) -> None:
        self._paths: Final = tuple(paths)
        self._rest: Final = rest_s
        self._rests_until: Final[dict[Path, float]] = {}

    def learn(self, one: Exchange) -> None:
        """Take note of an exchange, whatever it was for."""
        if one.acknowledged:
            self._rests_until.pop(one.path, None)
        elif one.result in _NO_WAY:
            self._rests_until[one.path] = time.monotonic() + self._rest

    def order(self) -> list[Path]:
        """The paths as given, those at the end that have just failed."""
        steady = time.monotonic()
        return sorted(self._paths, key=lambda path: self._rests_until.get(path, 0.0) > steady)

    async def carry(
        self,
        key: str,
        over: Callable[[Path], Awaitable[Exchange]],
        on_exchange: OnExchange | None,
    ) -> Report:
        """One attempt over each path until one acknowledges, without a pause between them.

        ``over`` makes the attempt and lets `learn` know of it; ``on_exchange`` hears of each.
        """
        exchanges: list[Exchange] = []
        for path in self.order():
            one = await over(path)
            exchanges.append(one)
            if on_exchange is not None:
                on_exchange(one)
            if one.acknowledged:
                break
        return Report(key=key, exchanges=tuple(exchanges))
