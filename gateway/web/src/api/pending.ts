// Shapes of routes that are being built; replaced by the generated ones as they land.
import type { Device } from "@/api/types";

export type Found = Pick<Device, "school" | "id" | "kind" | "name"> & { registered: boolean };
