// Who is signed in, and what their role lets them do.
import { computed, readonly, ref } from "vue";
import { get, onSignedOut, post, Problem, remove } from "@/api/client";
import type { Role, Session } from "@/api/types";

type Standing =
  | { state: "asking" }
  | { state: "out"; problem: Error | null }
  /** The gateway is not reached: nobody knows who is signed in. */
  | { state: "away" }
  | { state: "in"; session: Session };

const standing = ref<Standing>({ state: "asking" });

export const session = readonly(standing);

/** Somebody has come in by the door, and not with a session that stood already. */
export const entered = ref(false);
export const me = computed(() =>
  standing.value.state === "in" ? standing.value.session.user : null,
);
export const demo = computed(
  () => standing.value.state === "in" && standing.value.session.demo,
);

/** What each role may write; reading is the same for all, the gateway decides in the end. */
const RIGHTS = {
  actOnAlerts: ["operator", "technician", "administrator"],
  handleAlerts: ["operator", "administrator"],
  changeDevices: ["technician", "administrator"],
  verify: ["technician", "administrator"],
  exercise: ["operator", "technician", "administrator"],
  maintain: ["operator", "technician", "administrator"],
  repair: ["operator", "technician", "administrator"],
  watch: ["operator", "technician", "administrator"],
  calibrate: ["administrator"],
  seeRejects: ["technician", "auditor", "administrator"],
  planDuty: ["administrator"],
  enlist: ["administrator"],
  proposeBaseline: ["safety_officer", "principal", "inspector", "administrator"],
  confirm: ["principal", "inspector", "group_leader", "administrator"],
  attest: ["safety_officer", "principal", "administrator"],
  keepLedger: [
    "safety_officer",
    "principal",
    "auditor",
    "inspector",
    "group_leader",
    "technician",
    "administrator",
  ],
  issueNotices: ["auditor", "inspector", "group_leader", "administrator"],
  planCampaigns: ["group_leader", "administrator"],
  answerForRates: [
    "safety_officer",
    "principal",
    "auditor",
    "inspector",
    "group_leader",
    "administrator",
  ],
  report: ["safety_officer", "principal", "inspector", "group_leader", "administrator"],
  prove: ["auditor", "inspector", "group_leader", "administrator"],
  managePeople: ["administrator"],
  manageNotification: ["administrator"],
} as const satisfies Record<string, readonly Role[]>;

export function may(right: keyof typeof RIGHTS): boolean {
  const role = me.value?.role;
  return role !== undefined && (RIGHTS[right] as readonly Role[]).includes(role);
}

onSignedOut(() => {
  standing.value = { state: "out", problem: null };
});

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** The one-time code of `/#code=…`, taken out of the address so that it is not kept. */
function codeOfAddress(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** Take up the session of the cookie, or sign in with the code of the address. */
export async function begin(): Promise<void> {
  const code = codeOfAddress();
  if (code !== null) {
    await signIn({ code }).catch(() => undefined); // the sign-in page shows why
    return;
  }
  try {
    standing.value = { state: "in", session: await get<Session>("/session") };
  } catch (problem) {
    if (problem instanceof Problem && (problem.status === 0 || problem.status >= 502)) {
      standing.value = { state: "away" };
      return;
    }
    const known = problem instanceof Problem && problem.status === 401;
    standing.value = { state: "out", problem: known ? null : asError(problem) };
  }
}

/** Sign in; throws why not. */
export async function signIn(
  proof: { name: string; password: string } | { code: string },
): Promise<void> {
  try {
    const found = await post<Session>("/session", proof);
    entered.value = true;
    standing.value = { state: "in", session: found };
  } catch (problem) {
    standing.value = { state: "out", problem: asError(problem) };
    throw problem;
  }
}

export async function signOut(): Promise<void> {
  await remove("/session");
  standing.value = { state: "out", problem: null };
}
