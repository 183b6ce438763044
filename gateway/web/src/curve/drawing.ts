// How a curve looks: grey ink, a dashed limit with its name, hatching where nothing is known.
import type uPlot from "uplot";
import { figure } from "@/words/figures";

/** A stretch of time with its name, in ms; told apart from others by being hollow, too. */
export type Episode = { from: number; until: number; label: string; hollow: boolean };

type Drawing = {
  /** The element it is drawn in; its colours and width are taken. */
  where: HTMLElement;
  /** The stretch shown, in ms. */
  since: number;
  until: number;
  range: [number, number];
  /** Stretches without readings, in seconds. */
  gaps: readonly [number, number][];
  limits: readonly { value: number; label: string }[];
  mark: number | undefined;
  episodes: readonly Episode[];
  /** Stretches in which something was on, in ms; what was told stands out. */
  spans: readonly { from: number; to: number; told: boolean }[];
  /** Called with the index of the point under the pointer. */
  read: (at: number | null) => void;
  /** So few points that each is drawn. */
  sparse: boolean;
};

const HEIGHT = 180;
const DAY_MS = 86_400_000;
const HATCH_STEP = 7;

/** The colour that `name` stands for where the element is; a canvas knows no variables. */
function colour(where: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  where.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function axisTime(seconds: number, days: boolean): string {
  const at = new Date(seconds * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  return days
    ? `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:00`
    : `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The options of the plot. */
export function drawn(drawing: Drawing): uPlot.Options {
  const { where, since, until, range, gaps, limits, mark, episodes, spans, read, sparse } = drawing;
  const ink = colour(where, "--ink");
  const faint = colour(where, "--ink-3");
  const line = colour(where, "--line");
  const strong = colour(where, "--line-strong");
  const alarm = colour(where, mark === undefined ? "--ink-2" : "--word");
  const font = `12px ${getComputedStyle(where).fontFamily}`;

  function hatched(plot: uPlot): void {
    const { ctx, bbox } = plot;
    for (const [from, to] of gaps) {
      const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, "x", true));
      if (right - left < 2) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, bbox.top, right - left, bbox.height);
      ctx.clip();
      ctx.beginPath();
      for (let x = left - bbox.height; x < right; x += HATCH_STEP * devicePixelRatio) {
        ctx.moveTo(x, bbox.top + bbox.height);
        ctx.lineTo(x + bbox.height, bbox.top);
      }
      ctx.lineWidth = devicePixelRatio;
      ctx.strokeStyle = line;
      ctx.stroke();
      if (right - left > 30 * devicePixelRatio) {
        ctx.fillStyle = faint;
        ctx.font = `${16 * devicePixelRatio}px sans-serif`;
        ctx.textAlign = "center";
        ctx.fillText("?", (left + right) / 2, bbox.top + bbox.height / 2);
      }
      ctx.restore();
    }
  }

  /** Shaded over the whole height, and at least a hair wide: a kettle is a minute of a day. */
  function shaded(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const { from, to, told } of spans) {
      const left = Math.max(bbox.left, plot.valToPos(from / 1000, "x", true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(to / 1000, "x", true));
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      ctx.fillStyle = told ? alarm : strong;
      ctx.globalAlpha = told ? 0.35 : 0.6;
      const width = Math.max(right - left, 2 * devicePixelRatio);
      ctx.fillRect(left, bbox.top, width, bbox.height);
    }
    ctx.restore();
  }

  function limited(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.textBaseline = "alphabetic";
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(where).fontFamily}`;
    for (const { value, label } of limits) {
      const y = plot.valToPos(value, "y", true);
      ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.strokeStyle = alarm;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillStyle = alarm;
      ctx.textAlign = "left";
      const below = y - bbox.top < 20 * devicePixelRatio;
      const at = y + (below ? 15 : -5) * devicePixelRatio;
      ctx.fillText(`${label} ${figure(value)}`, bbox.left + 6 * devicePixelRatio, at);
    }
    if (mark !== undefined) {
      const x = plot.valToPos(mark / 1000, "x", true);
      ctx.setLineDash([]);
      ctx.strokeStyle = alarm;
      ctx.fillStyle = alarm;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.lineWidth = devicePixelRatio;
      ctx.stroke();
      ctx.beginPath();
      const size = 5 * devicePixelRatio;
      ctx.moveTo(x - size, bbox.top);
      ctx.lineTo(x + size, bbox.top);
      ctx.lineTo(x, bbox.top + size * 1.4);
      ctx.fill();
    }
    ctx.restore();
  }

  /** Each on a line of its own, from the bottom up, so that they can be held against each other. */
  function compared(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const [thick, step] = [6 * devicePixelRatio, 22 * devicePixelRatio];
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(where).fontFamily}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.fillStyle = ctx.strokeStyle = ink;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    episodes.forEach(({ from, until: to, label, hollow }, at) => {
      const left = Math.max(bbox.left, plot.valToPos(from / 1000, "x", true));
      const right = Math.max(left + thick, plot.valToPos(to / 1000, "x", true));
      const top = bbox.top + bbox.height - thick - 3 * devicePixelRatio - at * step;
      if (hollow) ctx.strokeRect(left, top, right - left, thick);
      else ctx.fillRect(left, top, right - left, thick);
      ctx.fillText(label, left, top - 3 * devicePixelRatio);
    });
    ctx.restore();
  }

  const grid = { stroke: line, width: 1 };
  const days = until - since > 2 * DAY_MS;
  return {
    width: where.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: [since / 1000, until / 1000] },
      y: { range },
    },
    axes: [
      {
        stroke: faint,
        grid,
        font,
        ticks: { stroke: strong, width: 1, size: 4 },
        size: 30,
        space: days ? 110 : 70,
        values: (_plot, splits) => splits.map((at) => axisTime(at, days)),
      },
      {
        stroke: faint,
        grid,
        font,
        ticks: { show: false },
        size: 56,
        values: (_plot, splits) => splits.map((value) => figure(value)),
      },
    ],
    series: [
      {},
      { stroke: ink, width: 1.75, points: { size: 4, fill: ink, show: sparse } },
      { stroke: "transparent", points: { show: false } },
      { stroke: "transparent", points: { show: false } },
    ],
    bands: [{ series: [3, 2], fill: `color-mix(in srgb, ${ink} 16%, transparent)` }],
    hooks: {
      drawClear: [hatched, shaded],
      draw: [compared, limited],
      setCursor: [(plot) => read(plot.cursor.idx ?? null)],
    },
  };
}
