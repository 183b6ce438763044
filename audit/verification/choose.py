"""Which procedure verifies which kind of device."""

from __future__ import annotations

from collections.abc import Callable

from audit.verification.attested import Attested
from audit.verification.button import Button
from audit.verification.camera import Camera
from audit.verification.detector import Detector
from audit.verification.link import LinkTest
from audit.verification.load_test import LoadTest
from audit.verification.meter import Meter
from audit.verification.presence import Presence, RoundTrip
from audit.verification.procedure import Procedure, Subject


def has_test(kind: str, test: str) -> bool:
    """Whether there is such a test of devices of that kind; the usual one (``""``) always is."""
    return not test or (kind == "electrical" and test == LoadTest.kind)


def procedure_for(subject: Subject, new_id: Callable[[int], str]) -> Procedure:
    """The procedure of its kind; of kinds that nobody knows, a sign of life.

    ``new_id`` names the n-th command that a run sends to the device.
    """
    match subject.kind:
        case "alarm-button":
            return Button(subject)
        case "smoke" | "temperature" | "smoke-temperature":
            return Detector(subject)
        case "electrical" if subject.test == LoadTest.kind:
            return LoadTest(subject)
        case "electrical":
            return Meter(subject)
        case "camera":
            return Camera(subject)
        case "repeater":
            return RoundTrip(subject, new_id)
        case "police-link" if subject.links:
            return LinkTest(subject.links[0], notices=subject.notices)
        case "police-link":
            return Attested()
        case _:
            return Presence(subject, new_id)
