"""The hours of many devices at once, from the roll-ups alone: what is being rolled up can wait."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, text

from gateway.history.rollup import HOUR

# Each hour of each device is looked up in the primary key, 2 µs a piece: they lie far apart.
_HOURS: Final = text(
    """
    WITH RECURSIVE starts(start) AS (
        SELECT :first WHERE :first < :until
        UNION ALL SELECT start + :span FROM starts WHERE start + :span < :until)
    SELECT u.device, u.start, u.sum / u.count
    FROM starts s CROSS JOIN json_each(:devices) d CROSS JOIN rollups u
    ON u.span = :span AND u.start = s.start AND u.device = d.value AND u.metric = :metric
    """
)


def hour_means(
    devices: Sequence[int], metric: str, since: int, until: int
) -> Callable[[Connection], dict[int, dict[int, float]]]:
    """By device row: the mean of each hour that begins in ``[since, until)``, by its start (ms).

    Each device has an entry; hours without a reading are left out.
    """

    def query(connection: Connection) -> dict[int, dict[int, float]]:
        found: dict[int, dict[int, float]] = {device: {} for device in devices}
        wanted = {
            "first": -(-since // HOUR) * HOUR,
            "until": until,
            "span": HOUR,
            "devices": json.dumps(list(devices)),
            "metric": metric,
        }
        for device, start, mean in connection.execute(_HOURS, wanted):
            found[device][start] = mean
        return found

    return query
