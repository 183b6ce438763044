"""What is known of a police link: its state, its paths, why, and what proves it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from devices.police_link.link import Exchange, Path, Result


class LinkState(StrEnum):
    """Whether the police can be reached. Nothing but acknowledged exchanges makes a link up."""

    UP = "up"  # acknowledged in time on every path needed, and tested end to end in the period
    DEGRADED = "degraded"  # a path that is needed has failed, another works
    DOWN = "down"  # no path works
    UNVERIFIED = "unverified"  # no end-to-end test in the period; or nothing known yet (`STARTING`)


class PathState(StrEnum):
    """Whether one path works."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"  # not watched for long enough to say


class Cause(StrEnum):
    """Why a link is in its state (words: ``link.cause.{cause}``)."""

    ACKNOWLEDGED = "acknowledged"  # up: everything that has to be acknowledged is
    STARTING = "starting"  # unverified: the watch has begun, nothing has been heard yet
    NO_TEST = "no_test"
    TEST_OLD = "test_old"
    TEST_FAILED = "test_failed"

    # Down: what the primary path last came to.
    REFUSED = "refused"
    CLOCK = "clock"
    UNABLE = "unable"
    GARBLED = "garbled"
    SILENT = "silent"
    UNREACHABLE = "unreachable"
    NOT_PROBED = "not_probed"  # nothing was sent at all: the fault is ours

    # Degraded: which path failed, and how.
    PRIMARY_REFUSED = "primary_refused"
    PRIMARY_CLOCK = "primary_clock"
    PRIMARY_UNABLE = "primary_unable"
    PRIMARY_GARBLED = "primary_garbled"
    PRIMARY_SILENT = "primary_silent"
    PRIMARY_UNREACHABLE = "primary_unreachable"
    PRIMARY_NOT_PROBED = "primary_not_probed"
    BACKUP_REFUSED = "backup_refused"
    BACKUP_CLOCK = "backup_clock"
    BACKUP_UNABLE = "backup_unable"
    BACKUP_GARBLED = "backup_garbled"
    BACKUP_SILENT = "backup_silent"
    BACKUP_UNREACHABLE = "backup_unreachable"
    BACKUP_NOT_PROBED = "backup_not_probed"

    # What a vendor's alarm host says of its own link (`devices.police_link.observed`).
    HOST_SILENT = "host_silent"  # it no longer reports
    HOST_REPORTS = "host_reports"  # it reports this state itself
    HOST_UNCLEAR = "host_unclear"  # it reports no state that is known
    NO_ATTESTATION = "no_attestation"
    ATTESTATION_OLD = "attestation_old"
    ATTESTATION_FAILED = "attestation_failed"


_CLIP: Final = 2048


def clipped(exchange: Exchange) -> Exchange:
    """The exchange as evidence: its bytes bounded, so that a chatty receiver fills no disk."""
    if len(exchange.sent) <= _CLIP and len(exchange.received) <= _CLIP:
        return exchange
    return msgspec.structs.replace(
        exchange, sent=exchange.sent[:_CLIP], received=exchange.received[:_CLIP]
    )


class PathHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What one path has come to. Times in ms, ``None`` = never.

    ``last_ack`` and ``ack_ms``: the latest acknowledgement, and how long it took. While the path
    fails: since when, how (``why``), and in words for technicians (``error``). ``last_test``: the
    latest end-to-end test that was acknowledged; ``test_failed``: a later one was not.
    ``offset_ms``: the receiver's clock less ours, while that is trouble.
    """

    path: Path
    last_ack: int | None = None
    ack_ms: float | None = None
    failing_since: int | None = None
    why: Result | None = None
    error: str = ""
    last_test: int | None = None
    test_failed: bool = False
    clock_trouble: bool = False
    offset_ms: int | None = None


class PathView(PathHistory, frozen=True, kw_only=True):
    """One path as it is now, with what it has come to."""

    state: PathState


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One link as it is now.

    ``test_due``: when the period of the oldest needed test ends (``None`` = not tested, or the
    latest failed). ``attested``: its tests are people's word, not measured. ``clock_trouble``:
    a receiver refuses for its clock or ours is far off, by ``offset_ms`` when it told.
    """

    state: LinkState
    since: int
    cause: Cause
    paths: tuple[PathView, ...]
    last_test: int | None = None
    test_due: int | None = None
    attested: bool = False
    clock_trouble: bool = False
    clock_offset_ms: int | None = None


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something that people should know has changed, with the exchanges that prove it.

    Told when the state changes, and also when only its cause, a path or the clock trouble does
    (``state == before`` then). ``evidence``: oldest first, at most five a path.
    """

    before: LinkState
    state: LinkState
    since: int
    at: int
    cause: Cause
    view: View
    evidence: tuple[Exchange, ...] = ()

    @property
    def of_state(self) -> bool:
        """Whether the link's state itself changed."""
        return self.state is not self.before
