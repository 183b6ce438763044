"""The proof of one fact, as it is asked for on the page."""

from __future__ import annotations

from audit.evidence.heads import read_head
from gateway.configuration import default_settings
from gateway.evidence.desk import EvidenceDesk
from gateway.evidence.making import make_evidence
from gateway.evidence.service import FOLDER
from gateway.store.read.evidence import facts_after
from gateway.words import Words
from tests.gateway.evidence.worlds import World


def desk_of(world: World, name: str) -> EvidenceDesk:
    settings = default_settings({"directory": str(world.folder), "evidence": {"name": name}})
    return make_evidence(
        settings=settings, store=world.store, clock=world.clock, words=Words.load()
    )


def everybody(_school: str) -> bool:
    return True


async def test_a_log_that_has_another_name_proves_what_was_before_under_that(world: World) -> None:
    """The page knows one key: that of the name of today."""
    desk = desk_of(world, "gateway.before.example")
    old = await desk.sign()
    await desk.aclose()
    desk = desk_of(world, "gateway.today.example")
    found = await desk.proof(5, everybody)
    assert found is not None
    assert found.head is None
    new = await desk.sign()
    found = await desk.proof(5, everybody)
    assert found is not None
    assert found.head == new
    assert read_head(new.note).head.origin == "gateway.today.example"
    assert new.size > old.size
    assert await desk.sign() == new
    await desk.aclose()


async def test_while_the_log_is_made_anew_a_fact_is_proven_all_the_same(world: World) -> None:
    """Its head is of more facts than the log has so far."""
    head = await world.evidence.seal()
    world.evidence.close()
    (world.folder / FOLDER / "state").unlink()
    desk = desk_of(world, world.name)
    log = await desk.evidence.opened()
    log.append(world.store.read(facts_after(0, 20)))
    found = await desk.proof(5, everybody)
    assert found is not None
    assert found.head == head
    await desk.aclose()
