"""The invented campus is brought in without anything to complain of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from gateway.demo import demo_settings, import_sites
from gateway.store.open import open_store
from gateway.store.read.contacts import contacts_of

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_790_000_000_000


def test_the_demonstration_has_its_contacts_and_nothing_is_refused(tmp_path: Path) -> None:
    settings = demo_settings(tmp_path)
    with capture_logs() as said:
        import_sites(settings, NOW)
    assert [entry for entry in said if entry["log_level"] == "error"] == []
    store = open_store(settings.database, reserve_bytes=0)
    try:
        schools = [school.id for school in store.load_names()[0]]
        listed = store.read(contacts_of(schools))
    finally:
        store.close()
    assert len(schools) == 3
    assert all(listed.get(school) for school in schools)
