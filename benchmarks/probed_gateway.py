"""The gateway with one addition: it writes down how old messages are when they are committed.

``python -m benchmarks.probed_gateway FILE CONFIG``: on SIGUSR1 it forgets what it has, at the end
it writes the ages (ms, one a line) to FILE. A message's age is the commit's time less its ``ts``.
"""

from __future__ import annotations

import signal
import sys
import time
from array import array
from pathlib import Path
from typing import Any

from gateway.cli.run import run
from gateway.pipeline.flow import Flow
from gateway.pipeline.work import Work


def main() -> None:
    """Run until SIGTERM."""
    file, config = Path(sys.argv[1]), Path(sys.argv[2])
    ages = array("d")
    committed = Flow._committed

    def probe(flow: Flow, work: Work) -> None:
        now = time.time() * 1000
        ages.extend(now - row[2] for row in work.batch.readings)
        committed(flow, work)

    def forget(_signal: int, _frame: Any) -> None:
        del ages[:]

    Flow._committed = probe  # type: ignore[method-assign]
    signal.signal(signal.SIGUSR1, forget)
    try:
        run(config=config, demo=False)
    finally:
        file.write_text("\n".join(f"{age:.2f}" for age in ages), "utf-8")


if __name__ == "__main__":
    main()
