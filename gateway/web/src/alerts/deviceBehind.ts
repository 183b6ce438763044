// The device behind the alert in view, as it is now: asked for once, whoever shows a part of it.
import { onScopeDispose, shallowRef, watch } from "vue";
import { get } from "@/api/client";
import type { DeviceDetail } from "@/api/types";

/**
 * What stands at the address `where` (null: nothing is asked), asked again when `version` changes.
 * Null until the gateway has answered, and for a device that has left the register meanwhile.
 */
export function useDeviceBehind(where: () => string | null, version: () => number | undefined) {
  const found = shallowRef<DeviceDetail | null>(null);
  let latest = 0;

  watch(
    [where, version],
    ([next], [last]) => {
      latest += 1;
      const mine = latest;
      if (next !== last) found.value = null;
      if (next === null) return;
      get<DeviceDetail>(next).then(
        (device) => {
          if (mine === latest) found.value = device;
        },
        () => undefined, // it may have left the register meanwhile
      );
    },
    { immediate: true },
  );
  onScopeDispose(() => (latest += 1));
  return found;
}
