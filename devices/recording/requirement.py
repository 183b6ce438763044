"""What is required of the recordings of one camera, and what is let pass."""

from __future__ import annotations

import msgspec

from devices.recording.local_time import DAY_MS, HOUR_MS, named_zone


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """What is required. Raises ``ValueError`` for what cannot be meant.

    days
        30, or 90 where it is a key target (GB/T 29315, GA 38, and what towns put on top).
    commissioned
        ms UTC since when the camera has to record; ``None`` = nobody knows, so long ago.
    zone
        The school's, by whose days it is counted.
    short_by_ms
        So much may be missing at the old end: a recorder overwrites whole files, and 29.5 days of
        30 are no failure.
    gap_ms
        A longer hole counts as a gap; a recorder that starts anew takes about three minutes.
    missing_per_day
        Share of a day that all holes together may take, the short ones too.
    settling_ms
        The newest that is not judged: many recorders list a file only when it is closed.
    clock_ms
        A recorder's clock further off is told.
    trusted_ms
        When it is off by more than this, its dates prove nothing: nobody knows since when it is.
    stale_ms
        After so long without having asked, the time since then counts as unknown.
    margin_days
        So much further back than required it is asked, to see the edge come before it arrives.
    """

    days: int = 30
    commissioned: int | None = None
    zone: str = "Asia/Shanghai"
    short_by_ms: int = 12 * HOUR_MS
    gap_ms: int = 300_000
    missing_per_day: float = 0.02
    settling_ms: int = 2 * HOUR_MS
    clock_ms: int = 60_000
    trusted_ms: int = HOUR_MS
    stale_ms: int = 26 * HOUR_MS
    margin_days: int = 7

    def __post_init__(self) -> None:
        if not 1 <= self.days <= 3660:
            raise ValueError(f"between 1 and 3660 days can be required, not {self.days}")
        if not 0 <= self.short_by_ms < self.days * DAY_MS:
            raise ValueError("the tolerance at the old end has to be shorter than what is required")
        if not 0 <= self.missing_per_day < 1:
            raise ValueError("a share of a day is at least 0 and below 1")
        tolerances = (self.gap_ms, self.settling_ms, self.clock_ms, self.trusted_ms, self.stale_ms)
        if min(*tolerances, self.margin_days) < 0:
            raise ValueError("no tolerance is below 0")
        named_zone(self.zone)

    def window_begin(self, as_of: int) -> int:
        """Since when (ms UTC) there have to be recordings: required, or as old as the camera."""
        wanted = as_of - self.days * DAY_MS
        return wanted if self.commissioned is None else max(wanted, self.commissioned)

    def asked_from(self, as_of: int) -> int:
        """From when on (ms UTC) it is asked for: with the margin, but never before the camera."""
        wanted = as_of - (self.days + self.margin_days) * DAY_MS
        return wanted if self.commissioned is None else max(wanted, self.commissioned)
