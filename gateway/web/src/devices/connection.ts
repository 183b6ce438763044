// The figures of a connection in words.
import type { Connectivity, Device } from "@/api/types";
import { delayOf } from "@/devices/health";
import { day } from "@/words/figures";
import { t } from "@/words/words";

/** What is known of a connection; less of it before the diagnosis has come. */
export type Known = { [Fact in keyof Connectivity]: Connectivity[Fact] | null };

const DAY_MS = 86_400_000;

const date = (ms: number) => day(Math.floor(ms / DAY_MS));

/** The day the battery will die, with its range where one is known. */
export function batteryEnd({ battery_dies: end }: Known): string {
  if (end === null) return t("page.device.battery.steady");
  return t("page.device.battery.between", {
    on: date(end.on),
    from: date(end.from),
    to: date(end.to),
  });
}

/** What the register alone knows, until the diagnosis has come. */
export function ofRegister(device: Device): Known {
  return {
    heard: device.heard,
    expected: device.expected,
    limit: null,
    delay_ms: delayOf(device),
    loss_pct_day: null,
    loss_pct_30d: null,
    reconnects_day: null,
    reboots_30d: null,
    battery_pct: device.battery_pct,
    battery_dies: null,
    signal_dbm: device.rssi_dbm,
    firmware: device.firmware,
    clock_offset_ms: device.offset,
    repeater: device.repeater,
  };
}
