"""The register as it stands: regions, schools, places, devices and schools' own parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from devices.model import Device, Place, Region, School
from gateway.register.entries import Table

Parameters: TypeAlias = dict[str, dict[str, object]]
"""``{rule: {parameter: value}}``."""

Key: TypeAlias = tuple[str, ...]
"""What names a registered thing: (id,), (school, id), or (school, kind) of parameters."""

Registered: TypeAlias = Region | School | Place | Device | Parameters


class Register(msgspec.Struct):
    """Everything registered, by key."""

    regions: dict[Key, Region] = msgspec.field(default_factory=dict)
    schools: dict[Key, School] = msgspec.field(default_factory=dict)
    places: dict[Key, Place] = msgspec.field(default_factory=dict)
    devices: dict[Key, Device] = msgspec.field(default_factory=dict)
    parameters: dict[Key, Parameters] = msgspec.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        regions: Iterable[Region] = (),
        schools: Iterable[School] = (),
        places: Iterable[Place] = (),
        devices: Iterable[Device] = (),
        parameters: Mapping[tuple[str, str], Parameters] | None = None,
    ) -> Register:
        """A register of these things."""
        return cls(
            regions={(region.id,): region for region in regions},
            schools={(school.id,): school for school in schools},
            places={(place.school, place.id): place for place in places},
            devices={device.key: device for device in devices},
            parameters={(*key,): own for key, own in (parameters or {}).items()},
        )

    def keys(self, table: Table) -> Iterable[Key]:
        """The keys of one table."""
        return self._of(table).keys()

    def get(self, table: Table, key: Key) -> Registered | None:
        """One registered thing."""
        return self._of(table).get(key)

    def _of(self, table: Table) -> dict[Key, Registered]:
        of: dict[Key, Registered] = getattr(self, table.value)
        return of
