"""The demonstration: its simulated alarm buttons, and pressing one from the page."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from gateway.api.guard import Presser, check
from gateway.api.models.devices import ButtonOut, PressIn
from gateway.api.models.shapes import Items
from gateway.api.problems import not_found
from gateway.api.register import names
from gateway.api.services import ServicesHere
from gateway.security.access import What
from gateway.store.read.devices import some_devices

router = APIRouter(tags=["demo"])


@router.get("/demo/buttons", operation_id="list_buttons")
async def list_buttons(services: ServicesHere, caller: Presser) -> Items[ButtonOut]:
    """Registered buttons that are simulated, by school and id; none in a real installation."""
    ids: dict[str, list[str]] = {}
    for school, device in sorted(() if services.demo is None else services.demo.buttons):
        if caller.sees(school):
            ids.setdefault(school, []).append(device)
    found = [
        each
        for school, wanted in ids.items()
        for each in await services.read(some_devices(school, wanted))
    ]
    return Items(
        items=[
            ButtonOut(
                school=each.school,
                school_name=services.register.school_name(each.school),
                device=each.id,
                name=names(each.name_zh, each.name_en, each.id),
            )
            for each in sorted(found, key=lambda one: one.key)
        ]
    )


@router.post("/demo/press", operation_id="press_button", status_code=HTTPStatus.ACCEPTED)
async def press_button(services: ServicesHere, caller: Presser, wanted: PressIn) -> None:
    """Press a simulated button. There is none in a real installation: 404."""
    thing = f"simulated button {wanted.school}/{wanted.device}"
    check(caller, What.PRESS, wanted.school, thing)
    if services.demo is None or not await services.demo.press(wanted.school, wanted.device):
        raise not_found(thing)
