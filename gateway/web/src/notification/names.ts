// How a receiver is called by people. Browsers have names that only the gateway needs.
import { t } from "@/words/words";

const BROWSER = /^push:(.+)\/[0-9a-f]{16}$/;

/** Whether it is somebody's browser: what arrives there arrives at its push service. */
export const isBrowser = (receiver: string) => BROWSER.test(receiver);

export function receiverName(receiver: string): string {
  const user = BROWSER.exec(receiver)?.[1];
  return user === undefined ? receiver : t("page.delivery.push", { user });
}
