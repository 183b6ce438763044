// Work that needs not be done at once is done in a task of its own each: the browser draws between.

const waiting: (() => void)[] = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => {
  waiting.shift()?.();
};

/** The rest of what is done comes after what is due now. Unlike a timer it is not made to wait in a
 * page that nobody looks at. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}
