// The one beat of everything that blinks. Not a CSS animation: the browser would work out styles
// and paint for it sixty times a second, for each row, and a new alarm would wait behind that.

/** Half of a second on, half of a second off: 1 Hz. */
const HALF_MS = 500;
let beating: number | undefined;

/** Blink, all together, or hold still. Marks the document with `dim` every other half second. */
export function blink(wanted: boolean): void {
  if (wanted === (beating !== undefined)) return;
  window.clearInterval(beating);
  const mark = document.documentElement.classList;
  mark.remove("dim");
  beating = wanted ? window.setInterval(() => mark.toggle("dim"), HALF_MS) : undefined;
}
