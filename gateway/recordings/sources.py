"""Makes what recorders are asked through, and played by, as the settings say.

Lives on the recorders' own loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from devices.recording.dahua import DahuaSource
from devices.recording.folder import FolderSource
from devices.recording.gb28181 import Config, Gb28181Recorder, Platform
from devices.recording.isapi import IsapiSource
from devices.recording.local_time import named_zone
from devices.recording.onvif import OnvifSource
from devices.recording.places import in_folder, of_dahua, of_isapi, of_onvif
from devices.recording.playing import Playing
from devices.recording.recorder_http import HttpAccess, recorder_client
from devices.recording.sample import PlaceOf
from devices.recording.source import RecordingSource
from devices.recording.written_time import ZMeans
from gateway.clock import Clock
from gateway.gb28181.mailbox import Mailbox
from gateway.settings_recordings import Gb28181Settings, RecorderSettings

if TYPE_CHECKING:
    import httpx


class Reached(NamedTuple):
    """What a recorder is asked through, and where it plays; ``None``: it cannot be had to play."""

    source: RecordingSource
    place_of: PlaceOf | None


class Sources:
    """The sources of all recorders, by school and id; made together, closed together."""

    def __init__(
        self,
        recorders: Iterable[RecorderSettings],
        platform: Gb28181Settings | None,
        zone: str,
        clock: Clock,
        mailbox: Mailbox | None = None,
    ) -> None:
        """``zone`` is that of recorders that name none; ``mailbox`` gets what is told by those that
        register here.
        """
        self._recorders: Final = {recorder.key: recorder for recorder in recorders}
        self._zone: Final = zone
        self._clock: Final = clock
        self._client: httpx.AsyncClient | None = None
        self._mailbox: Final = mailbox
        self._platform: Final = None if platform is None else self._upper(platform)
        self._made: Final[dict[tuple[str, str], Reached]] = {}

    def of(self, recorder: RecorderSettings) -> Reached:
        """How one recorder is reached."""
        made = self._made.get(recorder.key)
        if made is None:
            made = self._made[recorder.key] = self._make(recorder)
        return made

    @property
    def platform(self) -> Platform | None:
        """Where recorders of GB/T 28181 register; ``None`` without any."""
        return self._platform

    async def aclose(self) -> None:
        """Close what is open."""
        async with AsyncExitStack() as closing:
            if self._client is not None:
                closing.push_async_callback(self._client.aclose)
            for made in self._made.values():
                closing.push_async_callback(made.source.aclose)

    def _make(self, recorder: RecorderSettings) -> Reached:
        zone = named_zone(recorder.zone or self._zone)
        if recorder.folder is not None:
            folder = FolderSource(recorder.folder, zone, timeout_s=recorder.ask_timeout_s)
            return Reached(folder, in_folder(recorder.folder))
        if recorder.kind == "gb28181" and recorder.device is not None:
            if self._platform is None:
                raise ValueError("a recorder of GB/T 28181 without a platform")
            return Reached(Gb28181Recorder(self._platform, recorder.device), None)
        access = HttpAccess(
            url=recorder.url or "",
            user=recorder.user or "",
            password=recorder.secret,
            answer_timeout_s=recorder.answer_timeout_s,
            ask_timeout_s=recorder.ask_timeout_s,
        )
        if self._client is None:
            self._client = recorder_client()
        client, now, port = self._client, self._clock.now, recorder.plays_at
        playing = Playing(
            tls=recorder.rtsp_tls, ca_file=recorder.rtsp_ca_file, basic=recorder.rtsp_basic
        )
        if recorder.kind == "dahua":
            dahua = DahuaSource(access, zone, client=client, now=now)
            return Reached(dahua, of_dahua(access, zone, port, playing))
        means = None if recorder.z_means is None else ZMeans(recorder.z_means)
        if recorder.kind == "onvif":
            onvif = OnvifSource(access, zone, z_means=means, client=client, now=now)
            return Reached(onvif, of_onvif(access, onvif, playing))
        isapi = IsapiSource(access, zone, z_means=means, client=client, now=now)
        return Reached(isapi, of_isapi(access, port, playing))

    def _upper(self, platform: Gb28181Settings) -> Platform:
        passwords = {
            recorder.device: recorder.secret
            for recorder in self._recorders.values()
            if recorder.device is not None
        }
        return Platform(
            Config(
                identity=platform.id,
                passwords=passwords.get,
                realm=platform.realm,
                host=platform.listen.host,
                udp_port=platform.listen.port,
                tcp_port=platform.listen.port,
                contact_host=platform.contact_host,
                zone=ZoneInfo(self._zone),
                zones={
                    recorder.device: ZoneInfo(recorder.zone)
                    for recorder in self._recorders.values()
                    if recorder.device is not None and recorder.zone is not None
                },
                keepalive_ms=platform.keepalive_s * 1000,
            ),
            now=self._clock.now,
            on_event=None if self._mailbox is None else self._mailbox.event,
            on_refusal=None if self._mailbox is None else self._mailbox.refusal,
        )
