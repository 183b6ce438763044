"""The gateway alone: fed by a fake broker that only blasts, all rules on, committed.

The limits asked for: 70,000 messages a second on one core; 14 µs of CPU a message. They were set
on a machine on which the yardstick (`benchmarks.peers.prototype`) took 350,000 messages a second;
where it takes fewer, in the same run, so many fewer are asked for.
"""

from __future__ import annotations

import time
from typing import Any, Final

from benchmarks import fake_broker, measure
from benchmarks.peers import prototype
from benchmarks.running_gateway import RunningGateway, running
from devices.simulator.load import load_campus

MESSAGES: Final = 600_000
DEVICES: Final = 10_000
RUNS: Final = 3
RATE: Final = 70_000
CPU_US: Final = 14.0


def main() -> dict[str, Any]:
    """Median of three runs: messages a second until the last acknowledgement, CPU a message."""
    runs = [
        {"yardstick_messages_per_s": prototype.blasted(DEVICES), **blast(MESSAGES, DEVICES)}
        for _ in range(RUNS)
    ]
    figures = measure.median_of(runs)
    machine = min(1.0, figures["yardstick_messages_per_s"] / prototype.BLAST_PER_S)
    figures["asked_messages_per_s"] = round(RATE * machine)
    figures["asked_cpu_us_per_message"] = round(CPU_US / machine, 1)
    figures["holds"] = (
        figures["messages_per_s"] >= figures["asked_messages_per_s"]
        and figures["cpu_us_per_message"] <= figures["asked_cpu_us_per_message"]
    )
    figures["bare_limits_hold"] = (
        figures["messages_per_s"] >= RATE and figures["cpu_us_per_message"] <= CPU_US
    )
    return figures


def blast(messages: int, devices: int, *, warm_up: int = 0) -> dict[str, Any]:
    """One run: so many messages from so many devices, as fast as they are acknowledged.

    CPU is counted after the first ``warm_up`` of them.
    """
    with (
        fake_broker.start(messages, devices=devices, hold=True) as broker,
        running(f"mqtt://127.0.0.1:{broker.port}", load_campus(devices, 8)) as gateway,
    ):
        broker.go()
        before = _taken(gateway, warm_up)
        cpu = gateway.cpu_seconds()
        report = broker.report()
        cpu = gateway.cpu_seconds() - cpu
        metrics = gateway.metrics()
    figures = {
        "messages_per_s": report["rate"],
        "cpu_us_per_message": round(cpu / (messages - before) * 1e6, 2),
        "committed_readings": metrics["campus_readings_total"],
        "messages": metrics["campus_messages_total"],
        "alarms": report["alarms"],
        "transitions": metrics["campus_transitions_total"],
        "out_of_order": report["out_of_order"],
        "window": report["window"],
    }
    measure.say(
        f"{figures['messages_per_s']:,.0f} messages/s, {figures['cpu_us_per_message']} µs CPU each"
    )
    if metrics["campus_messages_total"] < messages:
        raise RuntimeError(f"only {metrics['campus_messages_total']:.0f} messages were taken in")
    return figures


def _taken(gateway: RunningGateway, at_least: int) -> int:
    """Wait until so many messages have been taken in; how many it is then."""
    while at_least:
        taken = int(gateway.metrics()["campus_messages_total"])
        if taken >= at_least:
            return taken
        time.sleep(0.2)
    return 0
