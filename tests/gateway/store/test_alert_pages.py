"""Pages of alerts: what part of the filter is in no column is exact all the same."""

from __future__ import annotations

from collections.abc import Iterator

from store_samples import NOON, alert, registering

from alerts.alert import Alert
from gateway.store.batch import Batch
from gateway.store.read.alerts import AlertFilter, alert_page
from gateway.store.store import Store

MANY = 3_000


def pages(store: Store, wanted: AlertFilter, limit: int) -> Iterator[list[Alert]]:
    after = None
    while True:
        found, after = store.read(alert_page(wanted, after=after, limit=limit))
        yield found
        if after is None:
            return


def test_shelved_alerts_are_found_among_any_number_of_others(store: Store) -> None:
    shelved = {1, 2, MANY - 1}  # the oldest come last
    alerts = {
        number: alert(number, shelved_until=NOON + 1 if number in shelved else None)
        for number in range(1, MANY + 1)
    }
    store.commit(registering("gate")).result()
    store.commit(Batch(alerts=alerts)).result()

    found = list(pages(store, AlertFilter(state="shelved"), limit=2))

    assert [[one.id for one in page] for page in found] == [[MANY - 1, 2], [1]]
