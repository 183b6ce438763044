"""A recorder played by SIPp: it registers by a scenario beside this file, and answers questions.

What it answers is written as a scenario of its own, out of pages: SIPp's "out-of-call" scenario
runs once for every question that comes in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devices.recording.gb28181 import Config, Event, Limits, Platform, Registered, Transport

SCENARIOS: Final = Path(__file__).with_name("scenarios")
OURS: Final = "34020000002000000001"
RECORDER: Final = "34020000001180000001"
CHANNEL: Final = "34020000001320000001"
OTHER_CHANNEL: Final = "34020000001320000002"
PASSWORD: Final = "Invented-12"

QUICK: Final = Limits(page_s=1.5, whole_s=20, settle_s=0.3, queue_s=20)


@dataclass(frozen=True)
class Said:
    """One MESSAGE of the recorder. ``[$sn]`` in the body becomes the question's number.

    ``status``: what we must answer.
    """

    body: bytes
    status: int = 200


Answers = Mapping[str, Sequence[Said]]
"""By CmdType."""


def answering(answers: Answers, *, refuse: int | None = None) -> bytes:
    """SIPp's scenario that answers each question with what is said to its command."""
    actions = b"".join(
        b'<ereg regexp="CmdType>%s" search_in="body" assign_to="is%d"/>' % (name.encode(), index)
        for index, name in enumerate(answers, start=1)
    )
    first = (
        b'<recv request="MESSAGE"><action>'
        b'<ereg regexp="SN>([0-9]+)" search_in="body" assign_to="whole,sn"/>'
        + actions
        + b'</action></recv>\n<Reference variables="whole,sn"/>\n'
        + _accept(200 if refuse is None else refuse)
    )
    branches = b"".join(
        b'<nop next="%d" test="is%d"/>\n' % (index, index) for index in range(1, len(answers) + 1)
    )
    parts = [first, branches, b'<nop next="999"/>\n']
    for index, said in enumerate(answers.values(), start=1):
        parts.append(b'<label id="%d"/>\n' % index)
        parts += [_message(one, number) for number, one in enumerate(said)]
        parts.append(b'<nop next="999"/>\n')
    parts.append(b'<label id="999"/>\n<nop/>\n')
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="answers">\n'
    return head + b"".join(parts) + b"</scenario>\n"


def _accept(status: int) -> bytes:
    return (
        b"<send><![CDATA[\nSIP/2.0 %d Whatever\n[last_Via:]\n[last_From:]\n"
        b"[last_To:];tag=[call_number]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n"
        b"]]></send>\n" % status
    )


def _message(said: Said, number: int) -> bytes:
    return (
        b'<send retrans="300"><![CDATA[\nMESSAGE sip:%s@3402000000 SIP/2.0\n'
        b"Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]\n"
        b"From: <sip:%s@3402000000>;tag=[call_number]\nTo: <sip:%s@3402000000>\n"
        b"Call-ID: [call_id]\nCSeq: %d MESSAGE\nMax-Forwards: 70\n"
        b"Content-Type: Application/MANSCDP+xml\nContent-Length: [len]\n\n%s\n]]></send>\n"
        b'<recv response="%d"/>\n'
    ) % (OURS.encode(), RECORDER.encode(), OURS.encode(), 20 + number, said.body, said.status)


class Recorder:
    """A running SIPp, and the platform that it talks to."""

    def __init__(self, platform: Platform, events: asyncio.Queue[Event]) -> None:
        self.platform = platform
        self._events = events

    async def event(self) -> Event:
        """The next thing that became of it."""
        return await asyncio.wait_for(self._events.get(), 20)

    async def kept_alive(self) -> Registered:
        """How it is registered, once its keep-alive with a faulty channel has come."""
        async with asyncio.timeout(20):
            while True:
                known = self.platform.device(RECORDER)
                if known is not None and known.faulty:
                    return known
                await asyncio.sleep(0.01)


async def sipp(
    platform: Platform, transport: Transport, scenario: str, *more: str, cwd: Path
) -> asyncio.subprocess.Process:
    """Start SIPp with one of the scenarios against the platform."""
    host, port = platform.address(transport)
    return await asyncio.create_subprocess_exec(
        "sipp",
        f"{host}:{port}",
        *("-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", host, "-m", "1", "-nostdin"),
        *("-t", "u1" if transport is Transport.UDP else "t1"),
        *("-s", RECORDER, "-au", RECORDER, "-timeout", "60s", *more),
        cwd=cwd,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


@asynccontextmanager
async def listening(
    *, offer_qop: bool = True, limits: Limits = QUICK
) -> AsyncIterator[tuple[Platform, asyncio.Queue[Event]]]:
    """A platform on free ports that knows the recorder's password."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    config = Config(
        identity=OURS,
        passwords={RECORDER: PASSWORD}.get,
        host="127.0.0.1",
        udp_port=0,
        tcp_port=0,
        offer_qop=offer_qop,
    )
    async with Platform(config, limits=limits, on_event=events.put_nowait) as platform:
        yield platform, events


@asynccontextmanager
async def recorder(
    folder: Path,
    answers: Answers,
    *,
    transport: Transport = Transport.UDP,
    offer_qop: bool = True,
    refuse: int | None = None,
    limits: Limits = QUICK,
    more: Sequence[str] = (),
) -> AsyncIterator[Recorder]:
    """A recorder that has registered, and answers as told until the end of the block."""
    scenario = folder / "answers.xml"
    scenario.write_bytes(answering(answers, refuse=refuse))
    async with listening(offer_qop=offer_qop, limits=limits) as (platform, events):
        given = ("-ap", PASSWORD, "-oocsf", str(scenario), *more)
        process = await sipp(platform, transport, "register", *given, cwd=folder)
        try:
            yield Recorder(platform, events)
        finally:
            with suppress(ProcessLookupError):  # it ends by itself when something surprises it
                process.kill()
            await process.wait()
