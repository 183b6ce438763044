"""Police links: how they are, their past, and testing them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from alerts.alert import Refusal
from devices.police_link.states import LinkState
from gateway.api.guard import Reader, Verifier, check
from gateway.api.models.links import LinkDetailOut, LinkOut, LinkTestIn
from gateway.api.models.shapes import Identifier, Items
from gateway.api.models.verifications import VerificationOut
from gateway.api.present_verifications import verification_out
from gateway.api.problems import REFUSABLE, not_found, refused
from gateway.api.routes.verifications import Key, running
from gateway.api.services import Services, ServicesHere
from gateway.police.forwarding import link_id
from gateway.police.links import LinkInfo
from gateway.security.access import Caller, What
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical

router = APIRouter(tags=["links"])

SchoolId = Annotated[Identifier, Path()]
LinkName = Annotated[Identifier, Path(examples=["110"])]


@router.get("/links", operation_id="list_links")
async def list_links(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
    state: LinkState | None = None,
) -> Items[LinkOut]:
    """The links in the caller's scope, by school."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    infos = [
        info
        for info in services.police.links.values()
        if (schools is None or info.school in schools)
        and (state is None or services.police.state(info.id) is state)
    ]
    infos.sort(key=lambda info: info.id)
    return Items(items=await services.link_presenter.links(infos))


@router.get("/links/{school}/{name}", operation_id="get_link")
async def get_link(
    services: ServicesHere, caller: Reader, school: SchoolId, name: LinkName
) -> LinkDetailOut:
    """One link with its outages, its months and what was last exchanged."""
    return await services.link_presenter.link(visible_link(services, caller, school, name))


@router.post(
    "/links/{school}/{name}/test",
    operation_id="test_link",
    status_code=HTTPStatus.ACCEPTED,
    responses=REFUSABLE,
)
async def begin_link_test(
    services: ServicesHere,
    caller: Verifier,
    school: SchoolId,
    name: LinkName,
    wanted: LinkTestIn,
    key: Key = None,
) -> VerificationOut:
    """Send a test event over every path; each has to acknowledge. Follow it as a verification."""
    info = visible_link(services, caller, school, name)
    check(caller, What.VERIFY, school, f"police link {info.id}")
    if not info.own:
        raise refused("observed", "the vendor's host keeps this link: have it send a test")
    begun = await running(services).begin_link(
        info.id, actor=caller.name, paths=[one.path for one in info.paths], key=key
    )
    if isinstance(begun, Refusal):
        raise refused(begun.code, begun.detail)
    if wanted.reason:
        await services.commit(_reason(info.id, begun.id, wanted.reason, caller, begun.started))
    return verification_out(services, begun)


def visible_link(services: Services, caller: Caller, school: str, name: str) -> LinkInfo:
    """A link in the caller's scope; raises a 404 `Problem` when there is none."""
    info = services.police.links.get(link_id(school, name))
    if info is None or not caller.sees(school):
        raise not_found(f"police link {school}/{name}")
    return info


def _reason(link: str, test: str, reason: str, caller: Caller, now: int) -> Batch:
    """Why somebody tests a link, as a fact beside the test."""
    body = canonical({"verification": test, "reason": reason})
    fact = Fact("link_test", now, now, f"user:{caller.name}", f"link:{link}", body)
    return Batch(facts=[fact], now=now)
