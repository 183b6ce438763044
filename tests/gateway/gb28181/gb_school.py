"""A school with cameras, the platform on its own thread, and recorders on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from recorded_school import Campus
from wired_device import OURS, PASSWORD, Device, said

from devices.model import Device as Registered
from devices.model import Place
from devices.model import School as RegisteredSchool
from devices.recording.gb28181 import Config, Limits, Platform, Transport
from devices.recording.gb28181.sip import Request, Response, parse
from gateway.gb28181.mailbox import Mailbox
from gateway.gb28181.service import Channels
from gateway.metrics import Metrics
from gateway.pipeline.rejects import Rejects
from gateway.recordings.apart import Apart
from gateway.settings_recordings import Gb28181Settings, RecorderSettings
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import next_register_version, put_devices, put_places, put_schools

NVR = "34020000001180000001"
GATE = "34020000001320000001"
YARD = "34020000001320000002"
HALL = "34020000001320000003"
WAIT_S = 20.0


class Nvr(Device):
    """Answers what it is asked: its catalog, and that it knows no DeviceStatus."""

    def __init__(self, address: tuple[str, int], identity: str = NVR) -> None:
        super().__init__(address, identity)
        self.catalog: dict[str, tuple[str, str]] = {}
        """Name and status of each channel."""
        self.asked: list[str] = []
        self.silent = False
        self._pages: set[int] = set()

    def datagram_received(self, data: bytes, addr: object) -> None:
        question = parse(data, max_body=100_000)
        if isinstance(question, Response) and question.cseq.number in self._pages:
            return  # to a page of the catalog
        if not isinstance(question, Request) or self.silent:
            super().datagram_received(data, addr)
            return
        self.accept(question)
        command = said(question, "CmdType")
        self.asked.append(command)
        if command == "Catalog":
            self.send(self.page(question))
            self._pages.add(self._number)

    def page(self, question: Request) -> bytes:
        """The whole catalog in one message."""
        listed = "".join(
            f"<Item><DeviceID>{identity}</DeviceID><Name>{name}</Name><Manufacturer>M</Manufacturer>"
            f"<CivilCode>340200</CivilCode><Status>{status}</Status></Item>"
            for identity, (name, status) in self.catalog.items()
        )
        return self.request(
            "MESSAGE",
            '<?xml version="1.0" encoding="GB2312"?><Response><CmdType>Catalog</CmdType>'
            f"<SN>{said(question, 'SN')}</SN><DeviceID>{self.identity}</DeviceID>"
            f"<SumNum>{len(self.catalog)}</SumNum><DeviceList>{listed}</DeviceList></Response>",
        )

    def notify(self, command: str, *, method: str = "MESSAGE", more: str = "") -> bytes:
        """A Notify of its own accord."""
        return self.request(
            method,
            f"<Notify><CmdType>{command}</CmdType><SN>7</SN><DeviceID>{self.identity}</DeviceID>"
            f"{more}</Notify>",
        )


class School(Campus):
    """The campus of the recordings' tests, with a platform and what follows its recorders."""

    def __init__(self, folder: Path, store: Any, apart: Apart) -> None:
        super().__init__(store, folder, apart)
        self.looked_for: list[tuple[str, str]] = []
        self.nvrs: list[Nvr] = []
        self.rejects = Rejects()
        self.metrics = Metrics()
        self.discoveries = self.judge._discoveries
        self.mailbox = Mailbox()
        self.platform: Platform | None = None

    def gb(self, **fields: object) -> RecorderSettings:
        """A recorder of GB/T 28181."""
        return RecorderSettings.model_validate(
            {
                "school": "no3",
                "id": "nvr",
                "kind": "gb28181",
                "device": NVR,
                "password": {"env": "NVR_PASSWORD"},
                "cameras": {"gate-01": GATE, "yard-01": YARD},
                **fields,
            },
            context={"environment": {"NVR_PASSWORD": PASSWORD}},
        )

    async def channels(self, *recorders: RecorderSettings, **settings: object) -> Channels:
        """Who follows them; the platform listens from now on."""
        config = Config(
            identity=OURS,
            passwords={str(one.device): PASSWORD for one in recorders}.get,
            host="127.0.0.1",
            udp_port=0,
            tcp_port=0,
            keepalive_ms=60_000,
        )
        self.platform = platform = Platform(
            config,
            limits=Limits(page_s=2.0, whole_s=5, settle_s=0.05, queue_s=10),
            on_event=self.mailbox.event,
            on_refusal=self.mailbox.refusal,
        )
        await self.apart.run(platform.start())
        return self.follows(*recorders, **settings)

    def follows(self, *recorders: RecorderSettings, **settings: object) -> Channels:
        """Who follows them from now on."""
        assert self.platform is not None
        return Channels(
            recorders,
            Gb28181Settings.model_validate({"id": OURS, **settings}),
            platform=self.platform,
            mailbox=self.mailbox,
            apart=self.apart,
            flow=self.flow,
            judge=self.judge,
            discoveries=self.discoveries,
            rejects=self.rejects,
            store=self.store,
            clock=self.clock,
            metrics=self.metrics,
            look_soon=self.looked_for.append,
        )

    async def nvr(self, identity: str = NVR, **catalog: str) -> Nvr:
        """One that has registered; ``catalog`` as ``gate="ON"``."""
        one = await self.device_of(identity)
        ids = {"gate": (GATE, "大门"), "yard": (YARD, "操场"), "hall": (HALL, "报告厅")}
        one.catalog = {ids[name][0]: (ids[name][1], status) for name, status in catalog.items()}
        assert (await one.register()).status == 200
        return one

    async def device_of(self, identity: str) -> Nvr:
        """One that has said nothing yet."""
        assert self.platform is not None
        address = self.platform.address(Transport.UDP)
        loop = asyncio.get_running_loop()
        _, one = await loop.create_datagram_endpoint(
            lambda: Nvr(address, identity), local_addr=("127.0.0.1", 0)
        )
        self.nvrs.append(one)
        return one

    def values(self, device: str) -> dict[str, Any]:
        """What is known of a device."""
        state = self.judge.roster.state("no3", device)
        assert state is not None
        return dict(state.values)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)


@asynccontextmanager
async def school(folder: Path) -> AsyncIterator[School]:
    store = open_store(folder / "campus.db", reserve_bytes=1 << 20, low_water=1 << 20)
    batch = Batch(now=1)
    batch.statements += put_schools([RegisteredSchool("no3", "第三中学", "No. 3 Middle School")])
    batch.statements += put_places([Place("gate", "no3", "校门", "Gate")])
    batch.statements += put_devices(
        [
            Registered("no3", "gate-01", "camera", place="gate"),
            Registered("no3", "yard-01", "camera", dialect="gb28181", address=YARD),
        ]
    )
    batch.statements += next_register_version()
    await asyncio.wrap_future(store.commit(batch))
    try:
        async with Apart() as apart:
            one = School(folder, store, apart)
            try:
                yield one
            finally:
                for each in one.nvrs:
                    each.close()
                if one.platform is not None:
                    await apart.run(one.platform.stop())
    finally:
        store.close()
