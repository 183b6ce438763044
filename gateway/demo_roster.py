"""The demonstration's roster and baselines: its schools, and one more that is not connected."""

from __future__ import annotations

from typing import Final

import structlog

from audit.baseline import Baseline
from audit.key_places import proposed
from audit.roster import RosterChange
from devices.model import Device, Place
from gateway.paths import default_config_dir
from gateway.roster.importing import standing
from gateway.roster.plan import plan_list
from gateway.roster.reading import read_list
from gateway.store.batch import Batch
from gateway.store.read.devices import all_devices
from gateway.store.read.register import all_places
from gateway.store.read.roster import all_baselines, all_entries
from gateway.store.roster import put_baseline, put_entries
from gateway.store.store import Store

_log: Final = structlog.get_logger(__name__)

FILE: Final = "demo-roster.csv"
BY: Final = "demo"

GATE_CAMERA: Final = "camera-gatehouse"
"""In every school, the camera of the gatehouse looks at the gate."""

LACKING: Final = "no7-vocational"
"""The school that is asked for what its key places lack, so that something is missing."""


def enlist(store: Store, now: int) -> None:
    """Bring in the roster and sign the baselines, until somebody has done so. Blocks."""
    if not store.read(all_entries):
        raw = (default_config_dir() / "sites" / FILE).read_bytes()
        plan = plan_list(read_list(raw), store.read(standing))
        for trouble in plan.troubles:
            _log.error("demo.roster", line=trouble.line, code=trouble.code, value=trouble.value)
        batch = Batch(now=now)
        changes = [
            RosterChange(before=change.before, after=change.after, reason=FILE)
            for change in plan.changes
        ]
        put_entries(batch, changes, by=BY)
        store.commit(batch).result()
    if not store.read(all_baselines):
        _sign(store, now)


def _sign(store: Store, now: int) -> None:
    devices: dict[str, list[Device]] = {}
    for device in store.read(all_devices):
        devices.setdefault(device.school, []).append(device)
    places: dict[str, list[Place]] = {}
    for place in store.read(all_places):
        places.setdefault(place.school, []).append(place)
    batch = Batch(now=now)
    for school, there in devices.items():
        asked = places.get(school, []) if school == LACKING else []
        needs = proposed(asked, there, (GATE_CAMERA,))
        if needs:
            baseline = Baseline(school=school, version=1, needs=needs, signed_by=BY, signed=now)
            put_baseline(batch, baseline, by=BY)
    store.commit(batch).result()
