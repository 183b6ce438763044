"""The demonstration has attestations of every sort, stated once, with a proof that opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.attestation import FACT
from gateway.demo import demo_settings, import_sites
from gateway.files.shelf import Shelf
from gateway.files.sight import PDF, look_at
from gateway.store.open import open_store
from gateway.store.read.attestations import Wanted, attestation_page

NOW = 1_795_161_600_000


@pytest.mark.parametrize("starts", [1, 2])
def test_one_ended_one_is_to_be_confirmed_and_a_second_start_states_nothing_more(
    tmp_path: Path, starts: int
) -> None:
    settings = demo_settings(tmp_path, cameras=False)
    for start in range(starts):
        import_sites(settings, NOW + start * 1000)
    store = open_store(settings.database, reserve_bytes=0, low_water=0)

    def found(state: str) -> list[tuple[str, str]]:
        page, _ = store.read(
            attestation_page(Wanted(state=state), now=NOW + 5000, after=None, limit=99)
        )
        return [(one.attestation.school, one.attestation.item) for one in page]

    assert ("no3-middle", "guards") in found("expired")
    assert found("unconfirmed") == [("no1-primary", "guard_posts")]
    assert found("withdrawn") == [("no3-middle", "hard_isolation")]
    assert len(found("all")) == 9
    facts = store.read(
        lambda connection: connection.exec_driver_sql(
            "SELECT count(*) FROM facts WHERE kind = ?", (FACT,)
        ).scalar()
    )
    assert facts == 9 + 8 + 1
    store.close()


def test_its_proof_would_be_taken_from_anybody(tmp_path: Path) -> None:
    settings = demo_settings(tmp_path, cameras=False)
    import_sites(settings, NOW)
    shelf = Shelf(settings.database.parent)
    (digest,) = [path.name for path in (tmp_path / "files").glob("??/*")]
    assert look_at(shelf.read(digest), "demo.pdf").media_type == PDF
