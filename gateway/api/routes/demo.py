"""The demonstration: pressing a simulated alarm button from the page."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from gateway.api.guard import Presser, check
from gateway.api.models.devices import PressIn
from gateway.api.problems import not_found
from gateway.api.services import ServicesHere
from gateway.security.access import What

router = APIRouter(tags=["demo"])


@router.post("/demo/press", operation_id="press_button", status_code=HTTPStatus.ACCEPTED)
async def press_button(services: ServicesHere, caller: Presser, wanted: PressIn) -> None:
    """Press a simulated button. There is none in a real installation: 404."""
    thing = f"simulated button {wanted.school}/{wanted.device}"
    check(caller, What.PRESS, wanted.school, thing)
    if services.demo is None or not await services.demo.press(wanted.school, wanted.device):
        raise not_found(thing)
