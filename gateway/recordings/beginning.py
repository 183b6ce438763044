"""Begins to ask recorders, as the settings say.

What they are asked through is loaded here and in a thread: who has no recorders needs none of it,
and alarms are taken in meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from gateway.gate_video.desk import GateVideo
from gateway.gb28181.desk import NoChannels
from gateway.recordings.apart import Apart

if TYPE_CHECKING:
    from devices.recording.gb28181 import Platform
    from gateway.clock import Clock
    from gateway.metrics import Metrics
    from gateway.names import NameBook
    from gateway.own_devices import Registering
    from gateway.pipeline.alert_book import AlertBook
    from gateway.pipeline.discoveries import Discoveries
    from gateway.pipeline.flow import Flow
    from gateway.pipeline.judge import Judge
    from gateway.pipeline.rejects import Rejects
    from gateway.recordings.desk import RecordingsDesk
    from gateway.settings import Settings
    from gateway.store.store import Store


class Begun(NamedTuple):
    """What runs now, as far as people see it."""

    recordings: RecordingsDesk
    gate_video: GateVideo


LATE: Final = (
    "gateway.recordings.sampling",
    "gateway.recordings.service",
    "gateway.gb28181.service",
    "gateway.gate_video.reports",
)

Keep: TypeAlias = "Callable[[str, Callable[[], Coroutine[Any, Any, Any]]], None]"
"""Keeps a part of the gateway going: its name, and what makes its body."""


async def begin_recordings(
    settings: Settings,
    *,
    closing: AsyncExitStack,
    keep: Keep,
    flow: Flow,
    judge: Judge,
    book: AlertBook,
    store: Store,
    clock: Clock,
    names: Callable[[], NameBook],
    registering: Registering,
    discoveries: Discoveries,
    rejects: Rejects,
    metrics: Metrics,
) -> Begun:
    """Ask them from now on; ``closing`` ends what is open then."""
    for name in LATE:
        await asyncio.to_thread(import_module, name)
    from gateway.gate_video.reports import PoliceReports  # noqa: PLC0415 - see above
    from gateway.gb28181.mailbox import Mailbox  # noqa: PLC0415
    from gateway.gb28181.service import Channels  # noqa: PLC0415
    from gateway.recordings.sampling import Sampling  # noqa: PLC0415
    from gateway.recordings.service import Recordings  # noqa: PLC0415
    from gateway.recordings.sources import Sources  # noqa: PLC0415

    apart = await closing.enter_async_context(Apart())
    mailbox = Mailbox()
    sources = Sources(
        settings.recorders, settings.gb28181, settings.recordings.zone, clock, mailbox
    )
    closing.push_async_callback(lambda: apart.run(sources.aclose()))
    limit_s = settings.recordings.sample_timeout_s
    sampling = Sampling(reached=sources.of, now=clock.now, limit_s=limit_s)
    recordings = Recordings(
        settings.recorders,
        settings.recordings,
        source_of=lambda recorder: sources.of(recorder).source,
        sampling=sampling if settings.recordings.samples else None,
        apart=apart,
        flow=flow,
        judge=judge,
        book=book,
        store=store,
        clock=clock,
        names=names,
        registering=registering,
    )
    platform, channels = sources.platform, None
    if platform is not None and settings.gb28181 is not None:
        keep("gb28181", lambda: apart.run(_serve(platform)))
        channels = Channels(
            settings.recorders,
            settings.gb28181,
            platform=platform,
            mailbox=mailbox,
            apart=apart,
            flow=flow,
            judge=judge,
            discoveries=discoveries,
            rejects=rejects,
            store=store,
            clock=clock,
            metrics=metrics,
            look_soon=recordings.look_soon,
        )
        keep("gb28181 channels", channels.run)
    keep("recordings", recordings.run)
    reports = PoliceReports(recordings, judge=judge, flow=flow, store=store, clock=clock)
    keep("police reports of recorders", reports.run)
    return Begun(recordings, GateVideo(channels or NoChannels(), reports))


async def _serve(platform: Platform) -> None:
    """Listen until cancelled. Raises `PlatformError` when that cannot be."""
    async with platform:
        await asyncio.Event().wait()
