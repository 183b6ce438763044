// Pictures come a few at a time, and only for whom is in sight: a wall of them must not keep an
// alarm waiting on a slow line.

type Leave = () => void;

/** At most `most` inside at once; the others wait in line. What is returned gives the place back, or
 * leaves the line; called again it does nothing. */
export function turnstile(most: number): (enter: () => void) => Leave {
  let inside = 0;
  const line: (() => void)[] = [];

  function admit(): void {
    while (inside < most && line.length > 0) {
      inside += 1;
      line.shift()?.();
    }
  }

  return (enter) => {
    let left = false;
    line.push(enter);
    admit();
    return () => {
      if (left) return;
      left = true;
      const waits = line.indexOf(enter);
      if (waits >= 0) line.splice(waits, 1);
      else inside -= 1;
      admit();
    };
  };
}

/** How many of them come at once, in the whole page. */
const AT_ONCE = 4;

export const smallPictures = turnstile(AT_ONCE);
