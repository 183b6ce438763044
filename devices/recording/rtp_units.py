"""From RTP packets of H.264 (RFC 6184) and H.265 (RFC 7798) to what a decoder takes: Annex B.

Also the time that ONVIF recorders send along with what they replay (Streaming Specification 6.3).
"""

from __future__ import annotations

from typing import Final

from devices.recording.source import UnreadableError

CLOCK_HZ: Final = 90_000
"""Of RTP timestamps of video, in both RFCs."""

ONVIF_EXTENSION: Final = 0xABAC
NTP_TO_UNIX_S: Final = 2_208_988_800
"""From 1900 to 1970."""

_START: Final = b"\0\0\0\1"
_H264_STAP_A, _H264_FU_A = 24, 28
_H265_AP, _H265_FU = 48, 49


class Units:
    """NAL units put together again, in order. ``codec`` is ``h264`` or ``hevc``."""

    def __init__(self, codec: str, parameters: list[bytes]) -> None:
        """``parameters``: the sets of the stream's description; the stream itself may lack them."""
        self.codec: Final = codec
        self.stream = bytearray()
        for unit in parameters:
            self.stream += _START + unit
        self.key_is_whole = False
        """A key picture and all that belongs to it is in ``stream``."""
        self.began_ms: int | None = None
        """ms since 1970 of the first packet, by the recorder's clock, if it sends it along."""
        self._key_begun = False
        self._part = bytearray()
        self._first: int | None = None
        self._time = 0
        self._sequence: int | None = None

    @property
    def span_s(self) -> float:
        """Seconds from the first picture to the newest, by the stream's own time."""
        return 0.0 if self._first is None else ((self._time - self._first) % 2**32) / CLOCK_HZ

    def add(self, packet: bytes) -> None:
        """One more packet. Raises `UnreadableError` for what is no RTP of this codec."""
        payload, marker, sequence, stamp = self._opened(packet)
        if self._sequence is not None and sequence != (self._sequence + 1) % 65536:
            self._part.clear()  # something is missing; what it belongs to is lost
        self._sequence = sequence
        if self._first is None:
            self._first = stamp
        elif stamp != self._time:
            self.key_is_whole |= self._key_begun
        self._time = stamp
        if self.codec == "h264":
            self._add_h264(payload)
        else:
            self._add_h265(payload)
        if marker:
            self.key_is_whole |= self._key_begun

    def _opened(self, packet: bytes) -> tuple[bytes, bool, int, int]:
        if len(packet) < 12 or packet[0] >> 6 != 2:
            raise UnreadableError("a packet that is no RTP")
        at = 12 + 4 * (packet[0] & 15)
        if packet[0] & 0x10:
            kind = int.from_bytes(packet[at : at + 2], "big")
            length = 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
            if kind == ONVIF_EXTENSION and length >= 8 and self.began_ms is None:
                self.began_ms = _ntp(packet[at + 4 : at + 12])
            at += 4 + length
        end = len(packet) - (packet[-1] if packet[0] & 0x20 else 0)
        if at > end:
            raise UnreadableError("an RTP packet that is shorter than it says")
        stamp = int.from_bytes(packet[4:8], "big")
        return packet[at:end], bool(packet[1] & 0x80), int.from_bytes(packet[2:4], "big"), stamp

    def _add_h264(self, payload: bytes) -> None:
        if not payload:
            return
        kind = payload[0] & 31
        if kind == _H264_STAP_A:
            self._aggregated(payload[1:])
        elif kind == _H264_FU_A and len(payload) > 2:
            head = bytes([(payload[0] & 0xE0) | (payload[1] & 31)])
            self._fragment(payload[1], head, payload[2:])
        elif 1 <= kind <= 23:
            self._unit(payload)

    def _add_h265(self, payload: bytes) -> None:
        if len(payload) < 3:
            return
        kind = payload[0] >> 1 & 63
        if kind == _H265_AP:
            self._aggregated(payload[2:])
        elif kind == _H265_FU and len(payload) > 3:
            head = bytes([(payload[0] & 0x81) | (payload[2] & 63) << 1, payload[1]])
            self._fragment(payload[2], head, payload[3:])
        elif kind < _H265_AP:
            self._unit(payload)

    def _aggregated(self, payload: bytes) -> None:
        while len(payload) > 2:
            size = int.from_bytes(payload[:2], "big")
            self._unit(payload[2 : 2 + size])
            payload = payload[2 + size :]

    def _fragment(self, flags: int, head: bytes, payload: bytes) -> None:
        if flags & 0x80:
            self._part = bytearray(head)
        elif not self._part:
            return  # its begin was lost
        self._part += payload
        if flags & 0x40:
            self._unit(bytes(self._part))
            self._part.clear()

    def _unit(self, unit: bytes) -> None:
        if not unit:
            return
        self.stream += _START + unit
        # IDR in H.264; BLA, IDR and CRA in H.265: pictures that need no other one.
        kind = unit[0] & 31 if self.codec == "h264" else unit[0] >> 1 & 63
        self._key_begun |= kind == 5 if self.codec == "h264" else 16 <= kind <= 21


def _ntp(stamp: bytes) -> int:
    seconds, fraction = int.from_bytes(stamp[:4], "big"), int.from_bytes(stamp[4:], "big")
    return (seconds - NTP_TO_UNIX_S) * 1000 + (fraction * 1000 >> 32)
