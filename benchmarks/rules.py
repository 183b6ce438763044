"""What the rules cost: CPU a telemetry message, and memory a device, on an ordinary day.

In the shares of the load mix: 60 % temperature and smoke, 30 % three-phase electrical, 10 % else.
Measured twice: of devices that speak every two seconds (10,000 of them are 5,000 messages a second,
the load of the other benchmarks), where rules in no hurry look now and then, as the pipeline lets
them; and of devices that speak once a minute, where all rules see every message.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any, Final

from alerts.rules import bind
from alerts.rules.rule import DeviceState, Hearing, Rule
from benchmarks.measure import say
from devices.kinds import effective_rules
from devices.model import Device
from devices.reading import Channel, Reading, Value
from devices.timekeeping import place_in_time
from gateway.kinds import load_kinds
from gateway.pipeline.glance import RuleSet
from gateway.pipeline.judge import UNHURRIED_MS

MIX: Final = {
    "temperature": 0.25,
    "smoke": 0.15,
    "smoke-temperature": 0.20,
    "electrical": 0.30,
    "alarm-button": 0.10,
}
MOST_MICROSECONDS: Final = 3.0
MOST_CLOCK_MICROSECONDS: Final = 0.5
MOST_BYTES: Final = 2048
START: Final = 1_795_161_600_000
CHUNK: Final = 1000
DEVICES: Final = 100
BUSY_MS: Final = 2_000
SLOW_MS: Final = 60_000


def main() -> dict[str, Any]:
    """Figures by kind and over the mix; ``holds`` compares with the budget of the hot path."""
    kinds = load_kinds(Path(__file__).parent.parent / "config" / "kinds")
    figures: dict[str, Any] = {}
    whole = slow = 0.0
    clock = 0.0
    bytes_a_device = 0.0
    for kind, share in MIX.items():
        rules = bind(effective_rules(kinds[kind]), kinds[kind])
        cost, placing = min(_cost(kind, rules, seed, BUSY_MS) for seed in range(3))
        all_rules, _ = min(_cost(kind, rules, seed, SLOW_MS) for seed in range(3))
        memory = _memory(kind, rules)
        say(
            f"{kind}: {len(rules)} rules, {cost:.2f} us a message every 2 s, {all_rules:.2f} us "
            f"once a minute, {placing:.2f} us to place it in time, {memory} bytes a device"
        )
        figures[f"{kind}_us"] = round(cost, 3)
        figures[f"{kind}_bytes"] = memory
        figures[f"{kind}_once_a_minute_us"] = round(all_rules, 3)
        whole += share * cost
        slow += share * all_rules
        clock += share * placing
        bytes_a_device = max(bytes_a_device, memory)
    figures["rules_us_a_message"] = round(whole, 3)
    figures["rules_us_a_message_once_a_minute"] = round(slow, 3)
    figures["place_in_time_us_a_message"] = round(clock, 3)
    figures["most_bytes_a_device"] = bytes_a_device
    figures["holds"] = (
        whole <= MOST_MICROSECONDS
        and clock <= MOST_CLOCK_MICROSECONDS
        and bytes_a_device <= MOST_BYTES
    )
    return figures


def by_rule(kind: str, messages: int = 100_000) -> dict[str, float]:
    """Microseconds a message of each rule alone: where to look when the sum is too much."""
    kinds = load_kinds(Path(__file__).parent.parent / "config" / "kinds")
    rules = bind(effective_rules(kinds[kind]), kinds[kind])
    return {rule.name: round(_cost(kind, (rule,), 1, SLOW_MS, messages)[0], 3) for rule in rules}


def _cost(
    kind: str, rules: tuple[Rule, ...], seed: int, every: int, messages: int = 100_000
) -> tuple[float, float]:
    """Microseconds a message of all rules together, and of placing it in time.

    Each device speaks ``every`` so many ms.
    """
    states = _states(kind, rules, DEVICES)
    random = Random(seed)
    rule_set = RuleSet(rules)
    judging = placing = 0.0
    gc.collect()
    gc.disable()
    for first in range(0, messages, CHUNK):
        # In pieces: a reading is judged while it is still in the processor's cache.
        pairs = [
            (states[number % len(states)], reading)
            for number, reading in enumerate(_readings(kind, random, CHUNK, first, every))
        ]
        glance = rule_set.glance(b"", pairs[0][1].values)
        hurried = rule_set.telemetry if glance is None else glance.calls
        begin = time.thread_time()
        for state, reading in pairs:
            place_in_time(reading, state.offset)
        placed = time.thread_time()
        for state, reading in pairs:
            memories = state.memories
            calls = hurried
            if reading.received >= state.unhurried_due:
                state.unhurried_due = reading.received + UNHURRIED_MS
                calls = rule_set.telemetry
            for position, judge in calls:
                judge(memories[position], state, reading, reading.received)
            state.heard = reading.received
        judging += time.thread_time() - placed
        placing += placed - begin
    gc.enable()
    return 1e6 * judging / messages, 1e6 * placing / messages


def _memory(kind: str, rules: tuple[Rule, ...]) -> int:
    """Bytes that rules and clock remember of a device after 20 messages."""
    count = 200
    readings = _readings(kind, Random(7), 20 * count, 0, SLOW_MS)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    clocks_and_memories = []
    plain = _states(kind, (), 1)[0]
    for device in range(count):
        clock = type(plain.offset)()
        memories = [rule.memory() for rule in rules]
        clocks_and_memories.append((clock, memories))
        for turn in range(20):
            reading = readings[turn * count + device]
            place_in_time(reading, clock)
            for rule, memory in zip(rules, memories, strict=True):
                if rule.telemetry:
                    rule.judge(memory, plain, reading, reading.received)
            plain.heard = reading.received - 50
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) // count


def _states(kind: str, rules: tuple[Rule, ...], count: int) -> list[DeviceState]:
    hearing = Hearing(START, True)
    states = []
    for number in range(count):
        state = DeviceState(Device("school", f"d{number}", kind), hearing, START)
        state.rules = rules
        state.memories = [rule.memory() for rule in rules]
        states.append(state)
    return states


def _readings(kind: str, random: Random, count: int, first: int, every: int) -> list[Reading]:
    """An ordinary day: each of a hundred devices once ``every`` so many ms."""
    between = every // DEVICES
    return [
        Reading(
            Channel.TELEMETRY,
            _values(kind, random),
            START + number * between + 40,
            b"",
            START + number * between + random.randrange(30),
            0,
            number,
        )
        for number in range(first, first + count)
    ]


def _values(kind: str, random: Random) -> dict[str, Value]:
    temperature = round(21 + random.gauss(0, 0.2), 2)
    match kind:
        case "temperature":
            return {
                "temperature_c": temperature,
                "humidity_pct": round(random.gauss(45, 2), 1),
                "battery_pct": random.randrange(70, 90),
                "rssi_dbm": random.randrange(-90, -50),
            }
        case "smoke":
            return {
                "smoke_alarm": False,
                "obscuration_pct_m": round(random.random() * 0.4, 3),
                "battery_pct": random.randrange(70, 90),
                "rssi_dbm": random.randrange(-90, -50),
            }
        case "smoke-temperature":
            return {
                "smoke_alarm": False,
                "obscuration_pct_m": round(random.random() * 0.4, 3),
                "temperature_c": temperature,
                "battery_pct": random.randrange(70, 90),
                "rssi_dbm": random.randrange(-90, -50),
            }
        case "electrical":
            volts = [round(random.gauss(230, 1), 1) for _ in range(3)]
            amperes = [round(random.random() * 10, 2) for _ in range(3)]
            factors = [round(0.9 + random.random() / 10, 3) for _ in range(3)]
            return {
                "voltage_v": list(volts),
                "current_a": list(amperes),
                "power_w": [
                    round(u * i * f) for u, i, f in zip(volts, amperes, factors, strict=True)
                ],
                "power_factor": list(factors),
                "residual_current_ma": random.randrange(20, 60),
                "cable_temperature_c": [round(random.gauss(40, 2), 1) for _ in range(4)],
            }
    return {"battery_pct": random.randrange(70, 90), "rssi_dbm": random.randrange(-90, -50)}


if __name__ == "__main__":
    for name in MIX:
        print(name, by_rule(name), file=sys.stderr)
    print(main())
