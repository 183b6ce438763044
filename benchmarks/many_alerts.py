"""5,000 open alerts and fifty changes a second: is the page still quick on a slow machine?

The gateway as people start it, a Mosquitto, and a Chromium whose CPU is slowed to a quarter.
Devices are opened and closed again over MQTT, operators acknowledge and comment over HTTP, and now
and then somebody presses a button, while a hand goes through the list with keys and the wheel. The
time between two frames is compared with that of the same page before the first alert; what the
page keeps is weighed now and then (`benchmarks.page_heap`; the frames meanwhile do not count) and
must not grow. Ten minutes; ``MINUTES=2`` shortens them.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from statistics import linear_regression, mean
from typing import Any, Final

from playwright.async_api import Page, async_playwright

from benchmarks import measure
from benchmarks.many_alerts_campus import OPEN, Devices, Operators, crowded_campus
from benchmarks.page_heap import PageHeap, page_heap
from benchmarks.running_gateway import RunningGateway, running

MINUTES: Final = float(os.environ.get("MINUTES", "10"))
IDLE_S: Final = 60.0
SETTLE_S: Final = 15.0
WEIGH_EVERY_S: Final = 30.0
HAND_EVERY_S: Final = 2.0
SLOWER: Final = 4
ABOVE_IDLE_MS: Final = 100.0
GROWTH: Final = 0.03
"""Of what the page keeps, over the whole run; what 5,000 alerts weigh sways by about a percent."""

LEAST_PER_S: Final = 49.0
MOST_MS: Final = 20_000
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

RECORD: Final = """most => {
  // Counted by the millisecond: a list of frames would itself be a heap that grows.
  window.frames = {counts: new Uint32Array(most), on: true};
  let last = 0;
  const frame = at => {
    if (window.frames.on && last)
      window.frames.counts[Math.min(most - 1, Math.round(at - last))] += 1;
    last = window.frames.on ? at : 0;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
TAKE: Final = """() => {
  // Only what was counted: to hand over thousands of noughts would itself hold frames up.
  const taken = [];
  for (let ms = 0; ms < window.frames.counts.length; ms += 1)
    if (window.frames.counts[ms] > 0) taken.push(ms, window.frames.counts[ms]);
  window.frames.counts.fill(0);
  return taken;
}"""


LISTED: Final = """least => {
  const row = document.querySelector("[role=option]");
  return row !== null && Number(row.ariaSetSize) >= least;
}"""
LOAD_S: Final = 60.0


def main() -> dict[str, Any]:
    """Frames in ms at p99.9, idle and busy; ``holds``: at most 100 ms more, and memory flat."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise measure.MissingError("chromium is not installed: apt-get install chromium")
    campus = crowded_campus()
    web = {"web": {"limits": {"requests_per_minute": 100_000}}}
    with measure.mosquitto() as broker, running(broker.url, campus, more=web) as gateway:
        return asyncio.run(_run(gateway, Devices(broker.port, campus), chromium))


async def _run(gateway: RunningGateway, devices: Devices, chromium: str) -> dict[str, Any]:
    code = re.search(r"#code=(\w+)", gateway.log())
    if code is None:
        raise RuntimeError(f"the gateway printed no sign-in: {gateway.log()[-500:]}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        await page.goto(f"{gateway.url}/#code={code.group(1)}")
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        idle = await _idle(page)
        operators = Operators(gateway.url, page.request)
        await page.goto("about:blank")
        await devices.open_all()
        await operators.until_open(OPEN)
        opening = time.perf_counter()
        await page.goto(gateway.url)
        await page.wait_for_function(LISTED, arg=OPEN, timeout=LOAD_S * 1000)
        loaded_s = time.perf_counter() - opening
        measure.say(f"  {devices.open} alerts on the page after {loaded_s:.1f} s")
        busy, heaps, changes = await _busy(page, gateway, devices, operators)
        await browser.close()
    return {"loaded_s": round(loaded_s, 1), **_figures(idle, busy, heaps, changes, wrong)}


async def _idle(page: Page) -> list[int]:
    await page.wait_for_selector("[role=listbox]")
    await page.evaluate(RECORD, MOST_MS)
    await asyncio.sleep(SETTLE_S / 3)
    await page.evaluate(TAKE)
    await asyncio.sleep(IDLE_S)
    counts = await _taken(page)
    measure.say(f"  idle: p99.9 {_slow(counts)} ms of {sum(counts)} frames")
    return counts


async def _taken(page: Page) -> list[int]:
    """How many frames took so many ms, since it was last asked."""
    counts = [0] * MOST_MS
    taken: list[int] = await page.evaluate(TAKE)
    for ms, count in zip(taken[::2], taken[1::2], strict=True):
        counts[ms] = count
    return counts


async def _busy(
    page: Page, gateway: RunningGateway, devices: Devices, operators: Operators
) -> tuple[list[int], list[tuple[float, PageHeap]], dict[str, float]]:
    """Frames by the millisecond, the heap by the minute, and how much changed meanwhile."""
    await page.evaluate(RECORD, MOST_MS)
    tasks = [asyncio.create_task(each) for each in (devices.run(), operators.run())]
    await asyncio.sleep(SETTLE_S)
    await page.evaluate(TAKE)
    begun, told = time.monotonic(), gateway.metrics()["campus_stream_events_total"]
    counts = [0] * MOST_MS
    heaps: list[tuple[float, PageHeap]] = []
    fewest = devices.open
    hand = 0
    while (passed := time.monotonic() - begun) < MINUTES * 60:
        for task in tasks:
            if task.done():
                task.result()
        if passed >= len(heaps) * WEIGH_EVERY_S:
            heaps.append((passed / 60, await _weighed(page)))
        await _use(page, hand)
        hand += 1
        await asyncio.sleep(HAND_EVERY_S)
        counts = [a + b for a, b in zip(counts, await _taken(page), strict=True)]
        fewest = min(fewest, await operators.open_now())
        if hand % 30 == 0:
            measure.say(f"  {passed / 60:.1f} min: p99.9 {_slow(counts)} ms, {heaps[-1][1]}")
    took = time.monotonic() - begun
    told = gateway.metrics()["campus_stream_events_total"] - told
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return counts, heaps, {"rate": told / took, "fewest": fewest}


async def _use(page: Page, hand: int) -> None:
    """What somebody does who works through the list."""
    if hand % 5 == 3:
        await page.mouse.move(200, 500)
        await page.mouse.wheel(0, 700 if hand % 10 == 3 else -900)
    elif hand % 5 == 4:
        await page.keyboard.press("k")
    else:
        await page.keyboard.press("j")


async def _weighed(page: Page) -> PageHeap:
    await page.evaluate("window.frames.on = false")
    heap = await page_heap(page)
    await page.evaluate("window.frames.on = true")
    return heap


def _slow(counts: list[int], share: float = 0.999) -> int:
    """The frame time in ms below which this share of the frames lies, by nearest rank."""
    wanted = share * sum(counts)
    seen = 0
    for ms, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return ms
    return len(counts)


def _figures(
    idle: list[int],
    busy: list[int],
    heaps: list[tuple[float, PageHeap]],
    changes: dict[str, float],
    wrong: list[str],
) -> dict[str, Any]:
    settled = [(at, heap) for at, heap in heaps if at >= MINUTES / 5]
    kept = [heap.kept_mb for _, heap in settled]
    slope = linear_regression([at for at, _ in settled], kept).slope
    heap_mb = mean(kept)
    growth = slope * MINUTES / heap_mb
    above = _slow(busy) - _slow(idle)
    figures = {
        "minutes": MINUTES,
        "idle_p999_ms": _slow(idle),
        "busy_p50_ms": _slow(busy, 0.5),
        "busy_p99_ms": _slow(busy, 0.99),
        "busy_p999_ms": _slow(busy),
        "busy_most_ms": max(ms for ms, count in enumerate(busy) if count),
        "above_idle_ms": above,
        "frames": sum(busy),
        "changes_per_s": round(changes["rate"], 1),
        "fewest_open": int(changes["fewest"]),
        "heap_mb": round(heap_mb, 1),
        "heap_growth": round(growth, 4),
        "code_mb": [round(settled[at][1].code_mb, 1) for at in (0, -1)],
        "dom_nodes": [settled[at][1].nodes for at in (0, -1)],
        "errors": wrong[:3],
    }
    measure.say(", ".join(f"{name} {value}" for name, value in figures.items()))
    holds = (
        above <= ABOVE_IDLE_MS
        and growth <= GROWTH
        and changes["rate"] >= LEAST_PER_S
        and changes["fewest"] >= OPEN
        and not wrong
    )
    return {**figures, "holds": holds}
