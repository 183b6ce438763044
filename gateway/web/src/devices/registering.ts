// What a registration leaves behind for the one who asked for it.
import type { Names } from "@/api/types";

export type Registered = {
  readonly school: string;
  readonly id: string;
  readonly kind: string;
  readonly name: Names;
  readonly place: string | null;
};
