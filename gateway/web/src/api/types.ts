// The shapes of the HTTP interface that the page uses.

export type Names = { zh: string; en: string };
export type PriorityName = "emergency" | "high" | "medium" | "low" | "notice";
export type AlertState = "unacknowledged" | "acknowledged" | "returned" | "latched" | "closed";
export type Role = "operator" | "technician" | "auditor" | "administrator";
export type Scalar = boolean | number | string | null;
export type Page<Item> = { items: Item[]; next: string | null };

export type Session = {
  user: { name: string; display: string; role: Role; scopes: string[]; password_set: boolean };
  demo: boolean;
  version: string;
};

export type Feed = {
  now: number;
  connected: boolean;
  last_message: number | null;
  rate: number;
  trouble: string[];
};
export type Count = { open: number; unacknowledged: number };
export type Counts = Record<PriorityName, Count>;
export type Summary = {
  now: number;
  feed: Feed;
  counts: Counts;
  demo: boolean;
  police_link: null;
};

export type Explanation = {
  rule: string;
  code: string;
  inputs: Record<string, Scalar>;
  limit: number | null;
  unit: string;
  source: string;
  metric: string;
  text: Names;
};

export type Alert = {
  id: number;
  version: number;
  state: AlertState;
  active: boolean;
  priority: PriorityName;
  condition: string;
  school: string;
  school_name: Names;
  device: { school: string; id: string; kind: string; name: Names };
  place: Names | null;
  raised: number;
  known: number;
  last_occurrence: number;
  occurrences: number;
  returned: number | null;
  acknowledged: number | null;
  acknowledged_by: string | null;
  assigned_to: string | null;
  shelved_until: number | null;
  shelved_by: string | null;
  suppressed: boolean;
  escalated: number | null;
  closed: number | null;
  is_false: boolean;
  false_proposed_by: string | null;
  false_reason: string;
  latches: boolean;
  remark: string;
  explanation: Explanation;
};

export type Transition = {
  row: number;
  version: number;
  kind: string;
  state: AlertState;
  happened: number;
  known: number;
  actor: string;
  detail: Record<string, Scalar>;
};

export type ActionName =
  | "acknowledge"
  | "comment"
  | "assign"
  | "shelve"
  | "unshelve"
  | "reset"
  | "mark_false"
  | "confirm_false";

export type Action =
  | { action: "acknowledge"; comment?: string; occurrences?: number }
  | { action: "comment"; text: string }
  | { action: "assign"; to: string | null }
  | { action: "shelve"; until: number; reason: string }
  | { action: "unshelve" }
  | { action: "reset" }
  | { action: "mark_false"; reason: string }
  | { action: "confirm_false"; agree: boolean; reason?: string };

export type AlertDetail = { alert: Alert; transitions: Transition[]; may: ActionName[] };
export type StreamEntry = { row: number; alert: Alert; transition: Transition };
export type FeedFrame = { feed: Feed; counts: Counts };

export type Region = { id: string; name: Names; parent: string | null };
export type School = { id: string; name: Names; region: string | null };
export type Place = {
  id: string;
  school: string;
  name: Names;
  parent: string | null;
  path: Names;
};

export type KindValue = { name: string; unit: string; low: number | null; high: number | null };
export type RuleParameters = Record<string, unknown>;
export type Kind = {
  kind: string;
  name: Names;
  expected_heartbeat_ms: number | null;
  values: KindValue[];
  rules: { rule: string; parameters: RuleParameters; source: string }[];
};

export type Health = "ok" | "trouble" | "unknown";
export type Why = { text: Names; priority: PriorityName | null };

export type Device = {
  school: string;
  school_name: Names;
  id: string;
  kind: string;
  name: Names;
  place: Names | null;
  place_id: string | null;
  dialect: string;
  address: string;
  repeater: string | null;
  out_of_service: boolean;
  heard: number | null;
  expected: number | null;
  happened: number | null;
  offset: number | null;
  online: boolean | null;
  battery_pct: number | null;
  rssi_dbm: number | null;
  lqi: number | null;
  firmware: string | null;
  lost: number;
  messages: number;
  values: Record<string, unknown>;
  health: Health;
  why: Why[];
};

export type DeviceDetail = Device & {
  parameters: Record<string, RuleParameters>;
  alerts: Alert[];
  metrics: string[];
};

export type CurvePoint = {
  start: number;
  span: number;
  count: number;
  low: number;
  high: number;
  mean: number;
  last: number;
};
export type Curve = {
  metric: string;
  unit: string;
  points: CurvePoint[];
  limits: { value: number; label: Names }[];
};

export type Registration = {
  kind: string;
  name_zh: string;
  name_en?: string;
  place?: string | null;
  dialect?: string;
  address?: string;
  repeater?: string | null;
  parameters?: Record<string, RuleParameters>;
};

export type Discovery = {
  school: string;
  id: string;
  dialect: string;
  address: string;
  kind: string;
  first_seen: number;
  last_seen: number;
  messages: number;
  topic: string;
  sample: string;
  understood: Record<string, unknown>;
};

export type Reject = {
  row: number;
  received: number;
  reason: string;
  detail: string;
  topic: string;
  school: string;
  sample: string;
  sample_hex: string;
};
export type RejectCount = { day: number; school: string; reason: string; count: number };

export type User = {
  name: string;
  display: string;
  role: Role;
  scopes: string[];
  disabled: boolean;
  password_set: boolean;
  created: number;
};
export type UserChanged = { user: User; code: string | null; code_expires: number | null };
export type Token = {
  id: string;
  name: string;
  user: string;
  created: number;
  expires: number | null;
};
export type NewToken = { token: Token; secret: string };
