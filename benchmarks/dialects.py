"""Recorded messages of real devices, and 100,000 mutations of each file: read, or rejected with the
reason, and never a wrong value.

``DATA`` names a folder with recordings: `payloads.jsonl` below a folder `shelly` or `tasmota`, one
``{"payload": …}`` a line; uplinks of ChirpStack as `uplink/payload*.json`, with what a codec makes
of them beside each as `result*.json`; `vectors.json` with payloads of Sparkplug B. Every uplink is
also tried with that result as its decoded ``object``. What is wrong is defined in
`devices.simulator.witness`. ``MUTATIONS`` sets another number a file.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import measure
from devices.simulator.conversations import SCHOOL, SPOKEN
from devices.simulator.witness import Said, Witness, WrongError

SEED: Final = 20_261_122
MUTATIONS: Final = 100_000
SHOWN: Final = 5

Conversation = tuple[Said, ...]


@dataclass
class Figures:
    """What became of one file: of its messages as they are, and of their mutations."""

    file: str
    dialect: str
    as_recorded: Counter[str] = field(default_factory=Counter)
    mutations: int = 0
    still_read: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> dict[str, Any]:
    """Every file below ``DATA``, on all processors."""
    folder = _folder()
    count = int(os.environ.get("MUTATIONS", MUTATIONS))
    jobs = list(_files(folder))
    if not jobs:
        raise measure.MissingError(f"below DATA={folder} there are no recorded messages")
    began = time.perf_counter()
    with ProcessPoolExecutor() as pool:
        results = []
        for done in pool.map(_file, [(folder, path, name, count) for path, name in jobs]):
            results.append(done)
            measure.say(
                f"{done.file}: {dict(done.as_recorded)}; {done.still_read:,} of "
                f"{done.mutations:,} mutations read, {len(done.wrong)} wrong"
            )
    return {
        "holds": not any(result.wrong for result in results),
        "seed": SEED,
        "files": len(results),
        "took_s": round(time.perf_counter() - began),
        "dialects": {name: _sum(results, name) for name in sorted({x.dialect for x in results})},
        "wrong": [wrong for result in results for wrong in result.wrong][:SHOWN],
    }


def _sum(results: Sequence[Figures], dialect: str) -> dict[str, Any]:
    mine = [result for result in results if result.dialect == dialect]
    recorded: Counter[str] = Counter()
    for result in mine:
        recorded += result.as_recorded
    return {
        "files": len(mine),
        "as_recorded": dict(recorded),
        "mutations": sum(result.mutations for result in mine),
        "still_read": sum(result.still_read for result in mine),
        "wrong": sum(len(result.wrong) for result in mine),
    }


def _folder() -> Path:
    named = os.environ.get("DATA", "")
    if not named:
        raise measure.MissingError(
            "no recordings: name a folder with them, `make bench BENCH=dialects DATA=folder`"
        )
    if not Path(named).is_dir():
        raise measure.MissingError(f"DATA={named} is no folder")
    return Path(named)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Recordings with the dialect that each is of, sorted."""
    for path in sorted(folder.rglob("*.json*")):
        if path.name == "payloads.jsonl" and path.parent.name in SPOKEN:
            yield path, path.parent.name
        elif path.name.startswith("payload") and "ChirpStack" in path.parts:
            yield path, "chirpstack"
        elif path.name == "vectors.json":
            yield path, "sparkplug"


def _file(job: tuple[Path, Path, str, int]) -> Figures:
    folder, path, dialect, count = job
    figures = Figures(str(path.relative_to(folder)), dialect)
    spoken = SPOKEN[dialect]
    conversations = list(_READERS[dialect](path))
    for number, conversation in enumerate(conversations):
        share = count // len(conversations) + (number < count % len(conversations))
        try:
            witness = Witness(spoken, conversation)
            for at in range(len(conversation)):
                rejected = witness.clean.rejects.get(at)
                figures.as_recorded["read" if rejected is None else rejected.reason.value] += 1
            figures.still_read += witness.mutations(SEED + number, share)
        except WrongError as error:
            figures.wrong.append(f"{figures.file}: {error}"[:4000])
        figures.mutations += share
    return figures


def _tasmota(path: Path) -> Iterator[Conversation]:
    for payload in _lines(path):
        yield (Said("no3/tasmota/stat/plug/STATUS10", _json(payload)),)


_COMPONENTS: Final = {
    "a_act_power": "em:0",
    "total_act": "emdata:0",
    "total_act_energy": "em1data:0",
    "act_power": "em1:0",
    "output": "switch:0",
}
"""Which component a state is of, by a key that it alone has."""


def _shelly(path: Path) -> Iterator[Conversation]:
    for payload in _lines(path):
        named = (name for key, name in _COMPONENTS.items() if key in payload)
        component = next(named, None)
        end = "events/rpc" if component is None else f"status/{component}"
        yield (Said(f"no3/shelly/plug/{end}", _json(payload)),)


def _chirpstack(path: Path) -> Iterator[Conversation]:
    """An uplink as it was sent, and as a codec would have decoded it."""
    event = json.loads(path.read_text("utf-8"))
    topic = "no3/lora/application/1/device/24e124136b502217/event/up"
    yield (Said(topic, _json(event)),)
    beside = path.with_name(path.name.replace("payload", "result"))
    if isinstance(event, dict) and "deviceInfo" in event and beside.is_file():
        telemetry = json.loads(beside.read_text("utf-8")).get("telemetry") or []
        for each in telemetry if isinstance(telemetry, list) else [telemetry]:
            yield (Said(topic, _json(event | {"object": each["values"]})),)


def _sparkplug(path: Path) -> Iterator[Conversation]:
    """Each payload after the birth before it."""
    birth: Conversation = ()
    for vector in json.loads(path.read_text("utf-8")):
        verb = vector["type"]
        said = Said(f"spBv1.0/{SCHOOL}/{verb}/edge-1", base64.b64decode(vector["base64"]))
        if verb == "NBIRTH":
            birth = (said,)
            yield birth
        else:
            yield (*birth, said)


_READERS: Final = {
    "tasmota": _tasmota,
    "shelly": _shelly,
    "chirpstack": _chirpstack,
    "sparkplug": _sparkplug,
}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)["payload"]


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
