"""Asking a page until it says yes."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from playwright.async_api import Page

PATIENCE_S: Final = 60.0
"""For whatever comes sooner or later, however busy the machine is."""


async def until(page: Page, question: str, arg: Any = None) -> None:
    """Wait until the JavaScript ``question`` is answered with something true.

    For what a promise answers: `Page.wait_for_function` takes the promise itself for a yes. What
    is true or not at once is better asked there, as a function: a mere expression is compiled
    anew each time, which the page's policy forbids from the second time on.
    """
    async with asyncio.timeout(PATIENCE_S):
        while not await page.evaluate(question, arg):  # noqa: ASYNC110 - a browser
            await asyncio.sleep(0.05)
