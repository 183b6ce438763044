"""What judging needs, filled from the store: the register, open alerts, deadlines, words for them.

Pure state: nothing here runs by itself, and nothing does I/O but looking names up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from alerts.alert import Alert
from alerts.correlation import CauseLimits, place_of
from alerts.finding import Finding
from alerts.lifecycle import Limits
from alerts.notification.webhook import Bilingual
from devices.dialects.dialect import Dialect
from devices.kinds import KindSpec
from devices.model import Device
from gateway.clock import Clock
from gateway.duty.policy import policy_of
from gateway.duty.rota import Rota
from gateway.names import RegisterNames
from gateway.notification.wanted import audiences_of, called_by, languages_of
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.causes import Causes
from gateway.pipeline.deadlines import Deadlines
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.fire_rooms import FireRooms
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.telling import Place, Telling
from gateway.pipeline.upkeep import Upkeep
from gateway.pipeline.work import Work
from gateway.police.forwarding import Forwarding
from gateway.police.surroundings import surroundings
from gateway.push.book import PushBook
from gateway.settings import Settings
from gateway.store.store import Snapshot, Store
from gateway.words import Words


class Judging(msgspec.Struct, frozen=True):
    """Who judges, and what is shared with those who act by themselves or for people."""

    judge: Judge
    book: AlertBook
    binder: Binder
    names: RegisterNames
    deadlines: Deadlines
    rota: Rota
    discoveries: Discoveries
    rejects: Rejects
    upkeep: Upkeep
    causes: Causes
    fire_rooms: FireRooms
    browsers: PushBook


def make_judging(
    settings: Settings,
    store: Store,
    snapshot: Snapshot,
    kinds: Mapping[str, KindSpec],
    words: Words,
    dialects: Sequence[Dialect],
    clock: Clock,
) -> Judging:
    """Put it together, as it was at the last commit."""
    now = clock.now()
    rota = Rota(snapshot.shifts, snapshot.signatures)
    policy = policy_of(settings)
    deadlines = Deadlines(policy, clock, rota.reach)
    rejects, discoveries = Rejects(), Discoveries()
    names = RegisterNames(store)
    limits = Limits(max_shelve=settings.alarms.shelve_max_hours * 3_600_000)

    def where(alert: Alert) -> Place:
        device = judge.roster.device(alert.device)
        place = place_of(alert.scope) if device is None else device.place
        path = names.book.place_path(alert.school, place)
        return Place(
            school=Bilingual(*names.book.school(alert.school)),
            place=None if path is None else Bilingual(*path),
            device=device,
        )

    browsers = PushBook(called_by(settings.notification))
    if settings.notification.push.enabled:
        browsers.put(snapshot.browsers)
    telling = Telling(
        audiences=audiences_of(settings.notification),
        browsers=browsers.audiences,
        languages=languages_of(settings.notification),
        policy=policy,
        where=where,
        words=words,
        page=settings.web.public_url,
        demo=settings.demo,
    )
    forwarding = Forwarding(
        settings.police_links,
        lambda alert: surroundings(alert, judge.roster, names.book, words),
    )
    upkeep = Upkeep(names)

    def named(row: int) -> str:
        device = judge.roster.device(row)
        return "" if device is None else device.id

    book = AlertBook(
        limits=limits,
        told=[telling],
        on_deadline=deadlines.changed,
        forwarding=forwarding,
        upkeep=upkeep,
        named=named,
    )
    book.load(snapshot.open_alerts, snapshot.last_alert, snapshot.last_transition)
    deadlines.load(snapshot.deadlines, book)
    binder = Binder(kinds, snapshot.school_parameters)
    causes = Causes(
        book=book,
        roster=lambda: judge.roster,
        names=names,
        limits=CauseLimits(
            least=settings.causes.least_devices, share=settings.causes.share_pct / 100
        ),
        hold_ms=round(settings.causes.hold_s * 1000),
        recorded={one.key: tuple(one.cameras) for one in settings.recorders},
    )
    fire_rooms = FireRooms(book=book, roster=lambda: judge.roster)

    def sift(finding: Finding, device: Device, work: Work) -> bool:
        return causes.take(finding, device, work) or fire_rooms.take(finding, device, work)

    judge: Judge = Judge(
        dialects=dialects,
        rules_of=binder.rules_of,
        book=book,
        discoveries=discoveries,
        rejects=rejects,
        sift=sift,
    )
    judge.roster.load(snapshot.devices, snapshot.states, now)
    for device in snapshot.devices:
        judge.asking.meet(device, now)
    judge.windows.load(snapshot.deadlines, snapshot.devices)
    upkeep.load(snapshot.maintenances, snapshot.last_maintenance, book=book, roster=judge.roster)
    causes.load(snapshot.victims, snapshot.deadlines)
    fire_rooms.load(now)
    return Judging(
        judge,
        book,
        binder,
        names,
        deadlines,
        rota,
        discoveries,
        rejects,
        upkeep,
        causes,
        fire_rooms,
        browsers,
    )
