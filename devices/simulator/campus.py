"""Invents campuses: regions, schools, places and devices at any scale, the same for the same seed.

All names are made up. The mix of kinds is the load mix of the benchmarks: 60 % temperature and
smoke, 30 % three-phase electrical, 10 % others.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import msgspec

from devices.model import Device, Place, Region, School

MIX: Final[dict[str, float]] = {
    "smoke": 0.25,
    "temperature": 0.20,
    "smoke-temperature": 0.15,
    "electrical": 0.30,
    "alarm-button": 0.045,
    "camera": 0.03,
    "repeater": 0.02,
    "recorder": 0.005,
}
"""Share of each kind among the devices of a school."""

HUB: Final = "hub"
"""The id of the repeater that holds the school's connection to the broker."""

DEMO_SEED: Final = 20261121
DEMO_FOREIGN_SCHOOL: Final = "no1-primary"
"""The demo school that also has a Zigbee2MQTT bridge and a Tasmota plug."""

DEMO_RATING_A: Final = 63
"""A common breaker of a floor; at full occupancy the busiest phase draws two thirds of it."""


class Campus(msgspec.Struct, frozen=True):
    """Everything that was invented, in the order in which it can be imported."""

    regions: tuple[Region, ...]
    schools: tuple[School, ...]
    places: tuple[Place, ...]
    devices: tuple[Device, ...]

    def of_school(self, school: str) -> tuple[Device, ...]:
        """The devices of one school, in order; empty for an unknown school."""
        return tuple(device for device in self.devices if device.school == school)

    def without(self, kinds: Collection[str]) -> Campus:
        """The same without the devices of these kinds."""
        kept = tuple(device for device in self.devices if device.kind not in kinds)
        return msgspec.structs.replace(self, devices=kept)

    def device(self, school: str, device: str) -> Device:
        """One device; raises ``LookupError`` with what there is instead."""
        for candidate in self.devices:
            if candidate.key == (school, device):
                return candidate
        known = ", ".join(entry.id for entry in self.schools)
        raise LookupError(f"there is no device {school}/{device}; the schools are {known}")


class _Building(msgspec.Struct, frozen=True):
    """A sort of building: how it is called and what its rooms are."""

    id: str
    zh: str
    en: str
    floors: int
    rooms: int
    room_zh: str
    room_en: str


_TEACHING: Final = _Building("teaching", "教学楼", "Teaching building", 4, 6, "教室", "Classroom")
_LAB: Final = _Building("lab", "实验楼", "Laboratory building", 3, 4, "实验室", "Laboratory")
_DORM: Final = _Building("dorm", "宿舍楼", "Dormitory", 5, 8, "寝室", "Room")
_CANTEEN: Final = _Building("canteen", "食堂", "Canteen", 2, 3, "餐厅", "Dining room")
_OFFICE: Final = _Building("office", "综合楼", "Office building", 3, 5, "办公室", "Office")
_WORKSHOP: Final = _Building("workshop", "实训楼", "Workshop", 2, 4, "实训室", "Workshop room")

_SORTS: Final[dict[str, tuple[str, str, tuple[_Building, ...]]]] = {
    "primary": ("小学", "Primary School", (_TEACHING, _CANTEEN, _OFFICE)),
    "middle": ("中学", "Middle School", (_TEACHING, _LAB, _DORM, _CANTEEN)),
    "vocational": ("职业学校", "Vocational School", (_TEACHING, _WORKSHOP, _DORM, _CANTEEN)),
}

_PREFIX: Final[dict[str, tuple[str, str, str]]] = {
    "smoke": ("smoke", "烟感", "smoke detector"),
    "temperature": ("temp", "温湿度", "climate sensor"),
    "smoke-temperature": ("fire", "烟温复合", "smoke and heat detector"),
    "electrical": ("meter", "三相电表", "three-phase meter"),
    "alarm-button": ("button", "一键报警", "alarm button"),
    "camera": ("camera", "摄像机", "camera"),
    "repeater": ("repeater", "中继器", "repeater"),
    "recorder": ("recorder", "录像机", "recorder"),
}

_WIRELESS: Final = frozenset({"smoke", "temperature", "smoke-temperature", "alarm-button"})

_DIGITS: Final = "〇一二三四五六七八九"


def _chinese(number: int) -> str:
    """A number up to 99 as a school's name says it; above that in figures."""
    if number < 10:
        return _DIGITS[number]
    if number >= 100:
        return str(number)
    tens, ones = divmod(number, 10)
    return (_DIGITS[tens] if tens > 1 else "") + "十" + (_DIGITS[ones] if ones else "")


def invent(*, seed: int, schools: int, devices: int, prefix: str = "no") -> Campus:
    """A campus with ``schools`` schools that have ``devices`` devices between them.

    School ids are ``{prefix}{number}-{sort}``. Raises ``ValueError`` unless every school gets at
    least one device.
    """
    if schools < 1 or devices < schools:
        raise ValueError(f"{devices} devices cannot be spread over {schools} schools")
    sorts = tuple(_SORTS)
    plan = [
        (f"{prefix}{number}-{sorts[(number - 1) % len(sorts)]}", sorts[(number - 1) % len(sorts)])
        for number in range(1, schools + 1)
    ]
    share, rest = divmod(devices, schools)
    sizes = [share + (index < rest) for index in range(schools)]
    return _build(seed, plan, sizes)


def demo() -> Campus:
    """The demo campus: three schools, about 300 devices, one school with foreign dialects."""
    campus = _build(
        DEMO_SEED,
        [("no1-primary", "primary"), ("no3-middle", "middle"), ("no7-vocational", "vocational")],
        [70, 130, 100],
    )
    devices = tuple(_rated(campus, device) for device in campus.devices)
    return msgspec.structs.replace(campus, devices=devices + _foreign(campus))


def _rated(campus: Campus, device: Device) -> Device:
    """What the breakers of whole floors are rated for is known; of those of rooms nobody asked."""
    parents = {place.parent for place in campus.places if place.school == device.school}
    if device.kind != "electrical" or device.place not in parents:
        return device
    return msgspec.structs.replace(device, parameters={"overload": {"rating_a": DEMO_RATING_A}})


def _build(seed: int, plan: Sequence[tuple[str, str]], sizes: Sequence[int]) -> Campus:
    regions = (
        Region(id="demo-province", name_zh="示范省", name_en="Demo Province"),
        Region(id="xinghe", name_zh="星河市", name_en="Xinghe City", parent="demo-province"),
        Region(id="qinghe", name_zh="青禾区", name_en="Qinghe District", parent="xinghe"),
        Region(id="liuxi", name_zh="柳溪县", name_en="Liuxi County", parent="xinghe"),
    )
    made_schools: list[School] = []
    places: list[Place] = []
    made: list[Device] = []
    for index, ((school, sort), size) in enumerate(zip(plan, sizes, strict=True)):
        number = int("".join(filter(str.isdigit, school.split("-", 1)[0])) or index + 1)
        zh, en, buildings = _SORTS[sort]
        made_schools.append(
            School(
                id=school,
                name_zh=f"星河第{_chinese(number)}{zh}",
                name_en=f"Xinghe No. {number} {en}",
                region=("qinghe", "liuxi")[index % 2],
            )
        )
        chance = random.Random(f"{seed}/{school}")
        kinds = _kinds(size)
        own_places = _places(school, buildings, rooms=max(6, len(kinds) // 2))
        places.extend(own_places)
        made.extend(_devices(school, own_places, kinds, chance))
    return Campus(regions, tuple(made_schools), tuple(places), tuple(made))


def _kinds(size: int) -> list[str]:
    """How many of each kind: exact by largest remainder, but always a hub and an alarm button."""
    shares = {kind: share * size for kind, share in MIX.items()}
    counts = {kind: int(share) for kind, share in shares.items()}
    by_remainder = sorted(shares, key=lambda kind: shares[kind] - counts[kind], reverse=True)
    for kind in by_remainder[: size - sum(counts.values())]:
        counts[kind] += 1
    for needed in ("alarm-button", "repeater"):
        if counts[needed] == 0 and size > 1:
            counts[max(counts, key=lambda kind: counts[kind])] -= 1
            counts[needed] += 1
    return [kind for kind, count in counts.items() for _ in range(count)]


def _places(school: str, sorts: Sequence[_Building], *, rooms: int) -> list[Place]:
    """Buildings, floors and rooms, enough for ``rooms`` rooms; the gatehouse comes first."""
    places = [Place(id="gatehouse", school=school, name_zh="门卫室", name_en="Gatehouse")]
    made = 0
    number = 0
    while made < rooms or number < len(sorts):
        sort = sorts[number % len(sorts)]
        copy = number // len(sorts) + 1
        many = rooms > sum(entry.floors * entry.rooms for entry in sorts)
        building = f"{sort.id}{copy}" if many else sort.id
        name_zh = f"{_chinese(copy)}号{sort.zh}" if many else sort.zh
        name_en = f"{sort.en} {copy}" if many else sort.en
        places.append(Place(id=building, school=school, name_zh=name_zh, name_en=name_en))
        for floor in range(1, sort.floors + 1):
            floor_id = f"{building}-f{floor}"
            places.append(
                Place(
                    id=floor_id,
                    school=school,
                    name_zh=f"{_chinese(floor)}层",
                    name_en=f"Floor {floor}",
                    parent=building,
                )
            )
            for room in range(1, sort.rooms + 1):
                made += 1
                label = f"{floor}{room:02d}"
                places.append(
                    Place(
                        id=f"{building}-{label}",
                        school=school,
                        name_zh=f"{label} {sort.room_zh}",
                        name_en=f"{sort.room_en} {label}",
                        parent=floor_id,
                    )
                )
        number += 1
    return places


def _cycle(places: Sequence[Place], chance: random.Random) -> Iterator[Place]:
    """Every place once in a shuffled order, then all over again."""
    order = list(places)
    chance.shuffle(order)
    while True:
        yield from order


def _devices(
    school: str, places: Sequence[Place], kinds: Sequence[str], chance: random.Random
) -> Iterator[Device]:
    by_id = {place.id: place for place in places}
    parents = {place.parent for place in places}
    buildings = [place for place in places if place.parent is None and place.id in parents]
    floors = [place for place in places if place.parent in {entry.id for entry in buildings}]
    rooms = [place for place in places if place.parent and place.id not in parents]
    gatehouse = places[0]

    def building_of(place: Place) -> str:
        while place.parent is not None:
            place = by_id[place.parent]
        return place.id

    in_rooms = _cycle(rooms, chance)
    spots: dict[str, Iterator[Place]] = {
        # A hub in the first building, then one repeater a building, then one a floor.
        "repeater": iter([*buildings, *floors, *rooms]),
        "alarm-button": iter([gatehouse, *floors, *rooms]),
        "electrical": iter([*floors, *rooms]),
        "camera": iter([gatehouse, *floors, *rooms]),
        "recorder": _cycle([gatehouse], chance),
    }
    repeaters: dict[str, str] = {}
    used: dict[str, int] = {}
    ordered = sorted(kinds, key=lambda kind: kind != "repeater")  # who is heard through them later
    for index, kind in enumerate(ordered):
        place = next(spots.get(kind, in_rooms), rooms[index % len(rooms)])
        stem, zh, en = _PREFIX[kind]
        if kind == "repeater" and not repeaters:
            device_id = HUB
            heard_through = None
            repeaters[building_of(place)] = HUB
        else:
            device_id = f"{stem}-{place.id}"
            used[device_id] = used.get(device_id, 0) + 1
            if used[device_id] > 1:
                device_id = f"{device_id}-{used[device_id]}"
            heard_through = HUB
            if kind == "repeater":
                repeaters.setdefault(building_of(place), device_id)
            elif kind in _WIRELESS:
                heard_through = repeaters.get(building_of(place), HUB)
        yield Device(
            school=school,
            id=device_id,
            kind=kind,
            name_zh=f"{place.name_zh}{zh}",
            name_en=f"{place.name_en} {en}",
            place=place.id,
            address=device_id,
            repeater=heard_through if repeaters else None,
        )


def _foreign(campus: Campus) -> tuple[Device, ...]:
    """What speaks Zigbee2MQTT and Tasmota at one school of the demo."""
    school = DEMO_FOREIGN_SCHOOL
    rooms = [place for place in campus.places if place.school == school and place.id[-1].isdigit()]
    room = rooms[-1]

    def device(name: str, kind: str, dialect: str, zh: str, en: str) -> Device:
        return Device(
            school=school,
            id=name,
            kind=kind,
            name_zh=f"{room.name_zh}{zh}",
            name_en=f"{room.name_en} {en}",
            place=room.id,
            dialect=dialect,
            address=name,
        )

    return (
        device("zigbee-smoke-1", "smoke", "zigbee2mqtt", "烟感（Zigbee）", "smoke (Zigbee)"),
        device(
            "zigbee-button-1", "alarm-button", "zigbee2mqtt", "按钮（Zigbee）", "button (Zigbee)"
        ),
        device("tasmota-plug-1", "electrical", "tasmota", "插座（Tasmota）", "plug (Tasmota)"),
    )
