"""Removes pictures of cameras when their time is over."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import structlog

from gateway.camera_pictures.vault import Vault
from gateway.clock import Clock

_log: Final = structlog.get_logger(__name__)

LOOK_S: Final = 600.0


async def keep_camera_pictures(directory: Path, clock: Clock, *, look_s: float = LOOK_S) -> None:
    """Look every ten minutes, until cancelled. A disk that refuses is asked again the next time."""
    vault = Vault(directory)
    while True:
        try:
            removed = await asyncio.to_thread(vault.remove_due, clock.now())
        except OSError as error:
            _log.warning("camera_pictures.put_off", error=str(error))
        else:
            if removed:
                _log.info("camera_pictures.removed", pictures=removed)
        await asyncio.sleep(look_s)
