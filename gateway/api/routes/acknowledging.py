"""Acknowledging by the link of a message, without signing in: the link is the proof.

A GET changes nothing, however often: chat programs fetch links for a preview.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse

from alerts.notification.acknowledge_link import LONGEST
from gateway.api.acknowledge_page import STATUS, acknowledge_page
from gateway.api.services import Services, ServicesHere
from gateway.notification.acknowledging import PATH, Found, Standing

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(max_length=LONGEST)]
Tongue = Annotated[Literal["zh", "en"], Query()]


@router.get(PATH + "{token}")
async def look(services: ServicesHere, token: Token, lang: Tongue = "zh") -> HTMLResponse:
    """What a press would acknowledge."""
    return _page(services, await services.acknowledging.look(token), lang)


@router.post(PATH + "{token}")
async def press(services: ServicesHere, token: Token, lang: Tongue = "zh") -> HTMLResponse:
    """Acknowledge, in the name of the user of the link."""
    return _page(services, await services.acknowledging.press(token), lang)


def _page(services: Services, found: Found, language: Literal["zh", "en"]) -> HTMLResponse:
    alert, link = found.alert, found.link
    denied = found.standing is Standing.DENIED
    page = acknowledge_page(
        found.standing,
        None if alert is None or denied else services.presenter.alert(alert),
        "" if link is None else link.user,
        words=services.words,
        language=language,
        demo=services.demo is not None,
    )
    return HTMLResponse(page, STATUS[found.standing], headers={"Cache-Control": "no-store"})
