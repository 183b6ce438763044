"""The tools themselves: neither the load generator nor the fake broker may be the bottleneck."""

from __future__ import annotations

from typing import Any, Final

from benchmarks import fake_broker, measure

MESSAGES: Final = 1_000_000
REAL_MESSAGES: Final = 300_000


def main() -> dict[str, Any]:
    """The fake broker into the C subscriber, and the load generator's own CPU a message."""
    blasts = []
    for _ in range(3):
        with (
            fake_broker.start(MESSAGES) as broker,
            measure.sub(broker.port, MESSAGES) as subscriber,
        ):
            subscriber.report()
            blasts.append(broker.report())
    blast = measure.median_of(blasts)
    measure.say(f"fake broker: {blast['rate']:,.0f} messages/s")
    loads = []
    with measure.mosquitto() as mosquitto:
        for _ in range(3):
            arguments = ("--url", mosquitto.url, "--messages", str(REAL_MESSAGES))
            with measure.load(*arguments) as process:
                loads.append(measure.load_report(process))
    load = measure.median_of(loads)
    ceiling = load["sent"] / load["cpu_seconds"]
    measure.say(f"load generator: {load['rate']:,.0f} messages/s into Mosquitto")
    return {
        "fake_broker_messages_per_s": blast["rate"],
        "load_messages_per_s_into_mosquitto": load["rate"],
        "load_messages_per_cpu_second": round(ceiling, 1),
        "load_acknowledged_of_sent": load["acknowledged"] / load["sent"],
        "holds": blast["rate"] >= 300_000
        and ceiling >= 100_000
        and load["acknowledged"] == load["sent"],
    }
