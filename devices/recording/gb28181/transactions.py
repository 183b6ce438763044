"""SIP transactions (RFC 3261, 17): a repeated request gets the same answer, ours are repeated."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final, TypeAlias

from devices.recording.gb28181.flow import Flow, Transport
from devices.recording.gb28181.sip import Request, Response
from devices.recording.gb28181.sockets import Sockets

T1_S: Final = 0.5
T2_S: Final = 4.0
"""Intervals between repetitions: from T1, doubled up to T2."""

REMEMBERED_MS: Final = 32_000
"""64 times T1: so long may a request be repeated by who has not heard its answer."""

MOST_REMEMBERED: Final = 16_384

MOST_ASKED: Final = 4_096

Key: TypeAlias = tuple[str, str, str, str]


class Answered:
    """The answers of the last half minute, to give them again without doing anything again."""

    def __init__(self) -> None:
        self._answers: Final[OrderedDict[Key, tuple[int, bytes]]] = OrderedDict()

    def again(self, request: Request, flow: Flow, now: int) -> bytes | None:
        """The answer given already; None when this is no repetition."""
        while self._answers:
            first = next(iter(self._answers))
            if self._answers[first][0] + REMEMBERED_MS > now:
                break
            del self._answers[first]
        found = self._answers.get(_key(request, flow))
        return found[1] if found is not None else None

    def remember(self, request: Request, flow: Flow, answer: bytes, now: int) -> None:
        """Keep an answer; of too many the oldest goes."""
        self._answers[_key(request, flow)] = (now, answer)
        if len(self._answers) > MOST_REMEMBERED:
            self._answers.popitem(last=False)


def _key(request: Request, flow: Flow) -> Key:
    # Not by the branch alone: devices are seen that use the same one for everything.
    return (flow.host, request.call_id, request.header("cseq") or "", request.branch)


class Asked:
    """Requests of ours that wait for their final answer. They are told apart by their Call-ID."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets: Final = sockets
        self._waiting: Final[dict[str, tuple[Flow, asyncio.Future[Response]]]] = {}

    async def ask(self, data: bytes, call_id: str, flow: Flow) -> Response | None:
        """Send, over UDP again and again, until a final answer comes. Without a limit of its own.

        None when there is no way to send. Each ``call_id`` is used for one request only.
        """
        if len(self._waiting) >= MOST_ASKED:
            return None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Response] = loop.create_future()
        self._waiting[call_id] = (flow, answer)
        try:
            pause = T1_S
            while self._sockets.send(data, flow):
                if flow.transport is Transport.TCP:
                    return await answer
                done, _ = await asyncio.wait({answer}, timeout=pause)
                if done:
                    return answer.result()
                pause = min(T2_S, pause * 2)
            return None
        finally:
            del self._waiting[call_id]
            answer.cancel()

    def hear(self, response: Response, flow: Flow) -> bool:
        """A response came; False when it answers nothing that was asked of that host."""
        waiting = self._waiting.get(response.call_id)
        if waiting is None or waiting[0].host != flow.host:
            return False
        if response.status >= 200 and not waiting[1].done():
            waiting[1].set_result(response)
        return True
