"""``python -m benchmarks [NAME]``: runs one benchmark or all; the last line is one JSON object."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import traceback
from typing import Any, Final

from benchmarks import measure

ORDER: Final = (
    "load_generator",
    "rules",
    "rollup",
    "history_outage",
    "ingest_ceiling",
    "ingest",
    "latency",
    "backlog",
    "alarm_to_screen",
    "storm",
    "restart",
    "growth",
    "device_days",
    "operator_figures",
    "overview",
    "police_link",
    "listeners",
    "garbage",
    "police_answers",
    "supervision",
    "retention",
    "camera_cost",
)
"""What ``make bench`` runs, in this order."""

LONG: Final = (
    "appliances",
    "camera_quality",
    "coverage",
    "dialects",
    "evidence",
    "fire",
    "soak",
    "police_soak",
    "replay",
    "many_alerts",
    "slow_faults",
)
"""What has to be asked for by name."""


def run(name: str) -> dict[str, Any]:
    """Run ``benchmarks.NAME.main()``. A benchmark that cannot run does not hold, and says why."""
    measure.say(f"== {name}: {measure.environment()}")
    start = time.monotonic()
    try:
        module = importlib.import_module(f"benchmarks.{name}")
        figures: dict[str, Any] = module.main()
    except measure.MissingError as error:
        measure.say(f"{name}: {error}")
        figures = {"holds": False, "error": str(error)}
    except Exception as error:  # noqa: BLE001 - one broken benchmark must not hide the others
        traceback.print_exc(file=sys.stderr)
        figures = {"holds": False, "error": f"{type(error).__name__}: {error}"}
    if not isinstance(figures.get("holds"), bool):
        figures = {**figures, "holds": False, "error": "says not whether it holds"}
    took = time.monotonic() - start
    verdict = "holds" if figures["holds"] else "DOES NOT HOLD"
    measure.say(f"== {name}: {verdict}, {took:.0f} s\n")
    return {"benchmark": name, **figures}


def main(arguments: list[str] | None = None) -> int:
    """0 when everything holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "name", nargs="?", choices=[*ORDER, *LONG], help="default: all but the long ones"
    )
    name = parser.parse_args(arguments).name
    if name:
        result = run(name)
    else:
        results = {each: run(each) for each in ORDER}
        result = {
            "holds": all(figures["holds"] for figures in results.values()),
            "environment": measure.environment(),
            "benchmarks": results,
        }
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
