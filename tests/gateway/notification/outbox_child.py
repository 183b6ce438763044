"""A process that delivers what a store holds, until nothing waits or it is killed.

``outbox_child.py STORE URL``
"""

from __future__ import annotations

import asyncio
import sys

from gateway.clock import SystemClock
from gateway.notification.delivery import Backoff
from gateway.notification.webhook import WebhookReceiver
from gateway.outbox import Outbox
from gateway.store.open import open_store


async def main(path: str, url: str) -> None:
    clock = SystemClock()
    receiver = WebhookReceiver(url=url, secret=b"key", clock=clock)
    store = open_store(path, reserve_bytes=0)
    box = Outbox(store, {"desk": receiver}, clock, backoff=Backoff(first=0.01))
    delivering = asyncio.create_task(box.run())
    while (await box.status())[0].waiting:
        await asyncio.wait([delivering], timeout=0.01)
    delivering.cancel()
    await asyncio.wait([delivering])
    store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
