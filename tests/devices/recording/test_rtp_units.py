"""RTP is put together again as it was taken apart; whatever else comes is refused or passed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replaying_recorder import is_key, units_of

from devices.recording.rtp_units import Units
from devices.recording.source import UnreadableError

H264_IDR, H265_IDR = 0x65, 19 << 1


def packet(sequence: int, payload: bytes, *, stamp: int = 0, marker: bool = False) -> bytes:
    head = bytes([0x80, 96 | 0x80 * marker]) + (sequence % 65_536).to_bytes(2, "big")
    return head + stamp.to_bytes(4, "big") + b"\0\0\0\1" + payload


def fragments(unit: bytes, codec: str, size: int) -> list[bytes]:
    """RFC 6184, 5.8, and RFC 7798, 4.4.3."""
    head = 1 if codec == "h264" else 2
    parts = [unit[at : at + size] for at in range(head, len(unit), size)]
    made = []
    for place, part in enumerate(parts):
        flags = 0x80 * (place == 0) | 0x40 * (place == len(parts) - 1)
        if codec == "h264":
            made.append(bytes([unit[0] & 0xE0 | 28, flags | unit[0] & 31]) + part)
        else:
            kind = unit[0] >> 1 & 63
            made.append(bytes([unit[0] & 0x81 | 49 << 1, unit[1], flags | kind]) + part)
    return made


@given(
    codec=st.sampled_from(["h264", "hevc"]),
    body=st.binary(min_size=30, max_size=400).map(lambda data: data.replace(b"\0", b"\7")),
    size=st.integers(5, 20),
    first=st.integers(0, 65_535),
)
def test_a_unit_in_fragments_is_the_unit(codec: str, body: bytes, size: int, first: int) -> None:
    unit = (bytes([H264_IDR]) if codec == "h264" else bytes([H265_IDR, 1])) + body
    units = Units(codec, [])
    parts = fragments(unit, codec, size)
    for place, part in enumerate(parts):
        assert not units.key_is_whole
        units.add(packet(first + place, part, marker=place == len(parts) - 1))
    assert units_of(bytes(units.stream)) == [unit]
    assert is_key(unit, "H264" if codec == "h264" else "H265")
    assert units.key_is_whole


def test_a_unit_of_which_a_fragment_is_missing_is_left_out() -> None:
    units = Units("h264", [])
    parts = fragments(bytes([H264_IDR]) + b"picture" * 20, "h264", 10)
    for place, part in enumerate(parts):
        if place != 4:
            units.add(packet(place, part, marker=place == len(parts) - 1))
    assert not units.key_is_whole
    assert units.stream == b""


def test_the_time_that_onvif_sends_along_is_read() -> None:
    units = Units("h264", [])
    ntp = (2_208_988_800 + 1_795_132_800).to_bytes(4, "big") + (1 << 31).to_bytes(4, "big")
    extended = b"\x90\x60" + bytes(6) + b"\0\0\0\1" + b"\xab\xac\0\3" + ntp + bytes(4)
    units.add(extended + b"\x41picture")
    assert units.began_ms == 1_795_132_800_500


def test_the_streams_own_time_runs_over() -> None:
    units = Units("h264", [])
    units.add(packet(0, b"\x41a", stamp=2**32 - 90_000))
    units.add(packet(1, b"\x41b", stamp=90_000))
    assert units.span_s == 2.0


@given(codec=st.sampled_from(["h264", "hevc"]), packets=st.lists(st.binary(max_size=60)))
def test_noise_is_refused_or_passed_and_nothing_else(codec: str, packets: list[bytes]) -> None:
    units = Units(codec, [])
    for noise in packets:
        with contextlib.suppress(UnreadableError):
            units.add(noise)
        with contextlib.suppress(UnreadableError):
            units.add(b"\x80\x60" + bytes(10) + noise)


@pytest.mark.parametrize("noise", [b"", b"\x80", b"\x00" * 40, b"\x9f\x60" + bytes(12)])
def test_what_is_no_rtp_is_refused(noise: bytes) -> None:
    with pytest.raises(UnreadableError):
        Units("h264", []).add(noise)
