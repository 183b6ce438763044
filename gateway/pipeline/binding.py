"""Which rules judge which device: its kind's, with the school's and its own figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from alerts.rules import RuleError, bind
from devices.kinds import KindSpec, RuleParameters, effective_rules, spec_for
from devices.model import Device
from gateway.pipeline.glance import RuleSet
from gateway.store.encoding import canonical

_log: Final = structlog.get_logger(__name__)


class Binder:
    """Binds rules; devices with equal parameters share one set, so that memory stays small."""

    def __init__(
        self,
        kinds: Mapping[str, KindSpec],
        school_parameters: Mapping[tuple[str, str], RuleParameters],
    ) -> None:
        self._kinds: Final = kinds
        self._school_parameters: Final = school_parameters
        self._sets: dict[bytes, RuleSet] = {}
        self._plain: dict[tuple[str, str], tuple[RuleParameters | None, RuleSet]] = {}

    def rules_of(self, device: Device) -> RuleSet:
        """The rules of a device.

        Figures are checked before they are stored; should some not fit all the same (a rule that
        a newer version no longer has), the device is judged by its kind's figures and the log says
        so: a gateway that does not start protects nobody.
        """
        school = self._school_parameters.get((device.school, device.kind))
        if not device.parameters:
            # Nearly all devices: found by kind and school, without building anything.
            known = self._plain.get((device.school, device.kind))
            if known is not None and known[0] == school:
                return known[1]
        spec = spec_for(self._kinds, device.kind)
        try:
            found = self._bound(spec, effective_rules(spec, school, device.parameters))
        except RuleError as error:
            _log.error("parameters.unfit", device=device.key, problems=str(error))
            found = self._bound(spec, effective_rules(spec))
        if not device.parameters:
            self._plain[device.school, device.kind] = (school, found)
        return found

    def _bound(self, spec: KindSpec, rules: RuleParameters) -> RuleSet:
        key = canonical([spec.kind, rules])
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = RuleSet(bind(rules, spec))
        return found

    def mistakes(self, kind: str, overrides: RuleParameters) -> list[str]:
        """What is wrong with overriding figures, in words; empty when nothing is."""
        spec = spec_for(self._kinds, kind)
        try:
            bind(effective_rules(spec, None, overrides), spec)
        except RuleError as error:
            return str(error).splitlines()
        return []
