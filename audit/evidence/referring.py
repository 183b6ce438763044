"""Which files a bundle must hold: those of the attestations that are good at its instant."""

from __future__ import annotations

from collections.abc import Iterable

from audit.attestation import Attestation
from audit.coverage import SchoolRecord


def referred(records: Iterable[SchoolRecord], at: int) -> list[str]:
    """The hashes of the files, sorted."""
    found: set[str] = set()
    for record in records:
        for stated in record.stated.values():
            if _good(stated.attestation, at):
                found.update(file.hash for file in stated.attestation.files)
    return sorted(found)


def _good(attestation: Attestation, at: int) -> bool:
    withdrawn = attestation.withdrawn is not None and attestation.withdrawn <= at
    return attestation.valid_from <= at < attestation.expires and not withdrawn
