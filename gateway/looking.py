"""What the running gateway looks at again and again: the register, and the room on its disk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from gateway.broker.connection import OwnBroker
from gateway.names import RegisterNames
from gateway.pipeline.watch import Watch
from gateway.store.store import Store, StoreError

if TYPE_CHECKING:
    from gateway.pipeline.control import Control

_log: Final = structlog.get_logger(__name__)

REGISTER_LOOK_S: Final = 2.0
ROOM_LOOK_S: Final = 1.0


def read_names(store: Store, names: RegisterNames) -> None:
    """What schools and places are called now. Blocks."""
    from gateway.store.read.register import names_version  # noqa: PLC0415 - `gateway.app.LATE`

    names.at(store.read(names_version))


async def follow_register(
    store: Store, control: Control, names: RegisterNames, own: OwnBroker | None
) -> None:
    """An import by another process counts the register's version up: take it up here."""
    from gateway.store.read.register import names_version  # noqa: PLC0415 - `gateway.app.LATE`

    version = await asyncio.to_thread(store.read, names_version)
    await control.follow_imports()
    while True:
        await asyncio.sleep(REGISTER_LOOK_S)
        try:
            now = await asyncio.to_thread(store.read, names_version)
            if now != version:
                await asyncio.to_thread(names.at, now)
                if own is not None:
                    await own.schools_changed(list(names.book.schools))
                version = now
            await control.follow_imports()
        except StoreError as error:
            _log.warning("register.unread", error=str(error))


async def look_at_room(watch: Watch) -> None:
    """How much room there is for the store, before a commit finds that there is none."""
    while True:
        await asyncio.to_thread(watch.look_at_room)
        await asyncio.sleep(ROOM_LOOK_S)
