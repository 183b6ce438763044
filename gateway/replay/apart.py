"""One of the processes that replay: the gateway must not wait for them, nor for each other.

The process only reads, and leaves the processor to whoever wants it more. It gets its share over
a pipe, says over it how far it is, and ends when it is done or the pipe is closed, whoever closed
it: so it may be killed at any instant.
"""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from alerts.episodes import Episode, Episodes, TooManyError
from alerts.rules import bind
from devices.kinds import KindSpec
from devices.model import Device
from gateway.pipeline.glance import RuleSet
from gateway.replay import stored
from gateway.replay.judging import Circumstances, Company, companies
from gateway.replay.order import Progress, Share
from gateway.store.batch import ReadingRow

NICE: Final = 10
"""Its niceness, as that of the process that rolls up."""


class Found(msgspec.Struct, frozen=True, tag=True):
    """What the rules found of a share."""

    readings: int
    episodes: list[Episode]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """What went wrong."""

    reason: str


Told: TypeAlias = Progress | Found | Failed

encode: Final = msgspec.msgpack.Encoder().encode
_TOLD: Final = msgspec.msgpack.Decoder(Told)
_SHARE: Final = msgspec.msgpack.Decoder(Share)


def decode_told(data: bytes) -> Told:
    """What a process has said. Raises `msgspec.MsgspecError`."""
    told: Told = _TOLD.decode(data)
    return told


def replayed(share: Share, tell: Callable[[Progress], None]) -> Found:
    """Judge a share. Raises `TooManyError`, `sqlite3.Error`."""
    sets = [RuleSet(bind(one.rules, KindSpec.model_validate_json(one.spec))) for one in share.rules]
    rules = {
        device.row: sets[place] for device, place in zip(share.devices, share.rules_of, strict=True)
    }
    circumstances = Circumstances(share.begin, share.deaf, share.registered, frozenset(share.tests))
    episodes = Episodes(share.most)
    found: list[Company] = []
    company_of: dict[int, int] = {}
    for members in companies(share.devices):
        company_of.update(dict.fromkeys((device.row for device in members), len(found)))

        def rules_of(device: Device) -> RuleSet:
            return rules[device.row]

        found.append(Company(members, rules_of, circumstances, episodes))
    readings = 0
    with closing(stored.opened(Path(share.store))) as connection:
        stored.want(connection, company_of)
        first, last = stored.rows_between(connection, share.begin, share.until)
        for to, rows in stored.pieces(connection, first, last):
            # By company: each is judged while what is known of it is in the processor's cache.
            heard: defaultdict[int, list[ReadingRow]] = defaultdict(list)
            for row in rows:
                heard[company_of[row[0]]].append(row)
            readings += len(rows)
            for number, its in heard.items():
                found[number].hear(its)
            tell(Progress((to - first + 1) / (last - first + 1), readings))
    for company in found:
        company.finish(share.until)
    return Found(readings, episodes.within(share.since, share.until))


def serve(pipe: Connection) -> None:
    """Do one share and say what came of it."""
    share = _SHARE.decode(pipe.recv_bytes())
    told: Told
    try:
        told = replayed(share, lambda progress: pipe.send_bytes(encode(progress)))
    except (sqlite3.Error, TooManyError) as error:
        told = Failed(str(error))
    pipe.send_bytes(encode(told))


def main() -> None:
    """The process: the number of its end of the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who began it; it closes the pipe
    os.nice(NICE)
    gc.disable()  # a reading refers to nothing that refers to it, and all of this ends soon
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
