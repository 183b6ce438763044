"""Police links: how they are, their past, and testing them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from devices.police_link.states import LinkState
from gateway.api.guard import Reader
from gateway.api.models.links import LinkDetailOut, LinkOut
from gateway.api.models.shapes import Identifier, Items
from gateway.api.problems import not_found
from gateway.api.services import Services, ServicesHere
from gateway.police.forwarding import link_id
from gateway.police.links import LinkInfo
from gateway.security.access import Caller

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


def visible_link(services: Services, caller: Caller, school: str, name: str) -> LinkInfo:
    """A link in the caller's scope; raises a 404 `Problem` when there is none."""
    info = services.police.links.get(link_id(school, name))
    if info is None or not caller.sees(school):
        raise not_found(f"police link {school}/{name}")
    return info
