// The rooms one can go to.
import { computed } from "vue";
import { may, me } from "@/session/session";
import type { Key } from "@/words/words";

export type Tab = { to: string; word: Key; icon: string; matches: string[] };

const ALERTS: Tab = {
  to: "/",
  word: "page.nav.alerts",
  icon: "M12 3 22 20H2zM12 10v5M12 17.500v.5",
  matches: ["alerts", "alert", "history"],
};
const OVERVIEW: Tab = {
  to: "/overview",
  word: "page.nav.overview",
  icon: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  matches: ["overview"],
};
const BUREAU: Tab = {
  to: "/bureau",
  word: "page.nav.bureau",
  icon: "M3 20.500h18M4 9.500 12 4l8 5.500zM6.500 10v8M12 10v8M17.500 10v8",
  matches: ["bureau", "gaps", "school-sheet"],
};
const WALL: Tab = {
  to: "/wall",
  word: "page.nav.wall",
  icon: "M3 4h18v12H3zM9 20h6M12 16v4",
  matches: ["wall"],
};
const DEVICES: Tab = {
  to: "/devices",
  word: "page.nav.devices",
  icon: "M4 4h16v10H4zM8 20h8M12 14v6",
  matches: ["devices", "device", "figures"],
};
const ORDERS: Tab = {
  to: "/work-orders",
  word: "page.nav.orders",
  icon: "M7 4h10v16H7zM9.500 8h5M9.500 12h5M9.500 16h3",
  matches: ["orders", "order"],
};
const HAZARDS: Tab = {
  to: "/hazards",
  word: "page.nav.hazards",
  icon: "M12 3 21 8v8l-9 5-9-5V8zM12 8v5M12 15.500v.5",
  matches: ["hazards", "hazard", "inspect", "notices", "notice", "notice-form"],
};
const CAMPAIGNS: Tab = {
  to: "/campaigns",
  word: "page.nav.campaigns",
  icon: "M5 3v18M5 4h13l-3 4 3 4H5",
  matches: ["campaigns", "campaign", "checklist", "audit-reports", "audit-report"],
};
const LINKS: Tab = {
  to: "/links",
  word: "page.nav.links",
  icon: "M5 12h14M5 8v8M19 8v8M9 9l3 3-3 3",
  matches: ["links", "link"],
};
const RECORDINGS: Tab = {
  to: "/recordings",
  word: "page.nav.recordings",
  icon: "M3 6h18v12H3zM3 10h18M8 10v8M13 10v8M18 10v8",
  matches: ["recordings", "recording"],
};
const CAMERAS: Tab = {
  to: "/cameras",
  word: "page.nav.cameras",
  icon: "M3 7h12v10H3zM15 11l6-3.500v9L15 13",
  matches: ["cameras", "camera"],
};
const ELECTRICITY: Tab = {
  to: "/electricity",
  word: "page.nav.electricity",
  icon: "M13 2.500 5 13.500h6l-1 8 8-11h-6z",
  matches: ["electricity"],
};
const FIRE: Tab = {
  to: "/fire",
  word: "page.nav.fire",
  icon: "M12 3c1 4 5 5.500 5 10.500a5 5 0 0 1-10 0c0-2 1-3 2-4 .5 1.500 1.500 2 2 2 .500-3-.500-6 1-8.500z",
  matches: ["fire", "fire-room"],
};
const VERIFICATIONS: Tab = {
  to: "/verifications",
  word: "page.nav.verifications",
  icon: "M4 12.500 9.500 18 20 6",
  matches: ["verifications", "verification"],
};
const MAINTENANCE: Tab = {
  to: "/maintenance",
  word: "page.nav.maintenance",
  icon: "M20 7.500 16.500 11 13 7.500 16.500 4A5.200 5.200 0 0 0 10 10.500l-6 6L7.500 20l6-6A5.200 5.200 0 0 0 20 7.500z",
  matches: ["maintenances", "maintenance"],
};
const EXERCISES: Tab = {
  to: "/exercises",
  word: "page.nav.exercises",
  icon: "M12 5a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 9v4l3 2M9 2h6",
  matches: ["exercises", "exercise"],
};
const ATTESTATIONS: Tab = {
  to: "/attestations",
  word: "page.nav.attestations",
  icon: "M6 3h9l4 4v14H6zM9 13l2.500 2.500L16 10.500",
  matches: ["attestations"],
};
const ROSTER: Tab = {
  to: "/roster",
  word: "page.nav.roster",
  icon: "M4 5h3v3H4zM10 6.500h10M4 10.500h3v3H4zM10 12h10M4 16h3v3H4zM10 17.500h10",
  matches: ["roster", "baseline"],
};
const PERFORMANCE: Tab = {
  to: "/performance",
  word: "page.nav.performance",
  icon: "M3 20.500h18M6 20v-6M12 20V5M18 20v-9",
  matches: ["performance"],
};
const DUTY: Tab = {
  to: "/duty",
  word: "page.nav.duty",
  icon: "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M12 8v4.500l3 2",
  matches: ["duty"],
};
const REPLAY: Tab = {
  to: "/replays",
  word: "page.nav.replay",
  icon: "M4 12a8 8 0 1 0 3-6.200M4 4v4.500h4.500M11 9v6l5-3z",
  matches: ["replays", "replay"],
};
const PLANS: Tab = {
  to: "/plans",
  word: "page.nav.plans",
  icon: "M3 4h18v16H3zM10 4v7M3 14h9M15 14h6M15 14v6",
  matches: ["plans"],
};
const DISCOVERIES: Tab = {
  to: "/discoveries",
  word: "page.nav.discoveries",
  icon: "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13M15.500 15.500 21 21",
  matches: ["discoveries"],
};
const REJECTS: Tab = {
  to: "/rejects",
  word: "page.nav.rejects",
  icon: "M5 5l14 14M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18",
  matches: ["rejects"],
};
const CONTACTS: Tab = {
  to: "/schools/contacts",
  word: "page.nav.contacts",
  icon: "M6 3h4l2 5-3 2c1 3 3 5 6 6l2-3 5 2v4c-9 3-19-7-16-16",
  matches: ["contacts"],
};
const NOTIFICATION: Tab = {
  to: "/notification",
  word: "page.nav.notification",
  icon: "M4 5h16v12h-9l-4 4v-4H4zM8 9.500h8M8 13h5",
  matches: ["notification"],
};
const EVIDENCE: Tab = {
  to: "/evidence",
  word: "page.nav.evidence",
  icon: "M12 3 20 6v6c0 5-4 8-8 9-4-1-8-4-8-9V6zM8.500 12l2.500 2.500 4.500-5",
  matches: ["evidence"],
};
const PEOPLE: Tab = {
  to: "/people",
  word: "page.nav.people",
  icon: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4 20c1-5 15-5 16 0",
  matches: ["people"],
};

/** Whose work is what is proven: those of a bureau, and of a school those who answer to one. */
const audits = computed(() => may("answerForRates") && me.value?.role !== "administrator");

/** The rooms of every day; always in sight. */
export const tabs = computed<readonly Tab[]>(() =>
  audits.value ? [BUREAU, HAZARDS, ALERTS, OVERVIEW] : [ALERTS, OVERVIEW, DEVICES, ORDERS],
);

/** Where somebody who has just signed in begins. */
export const home = computed(() => tabs.value[0]?.to ?? "/");

/** The other rooms, behind one button: a header and a thumb hold only so many. */
export const otherTabs = computed<Tab[]>(() => [
  ...(audits.value ? [DEVICES, ORDERS] : may("answerForRates") ? [BUREAU, HAZARDS] : [HAZARDS]),
  DUTY,
  LINKS,
  ...(may("watch") ? [CAMERAS] : []),
  RECORDINGS,
  FIRE,
  ELECTRICITY,
  VERIFICATIONS,
  MAINTENANCE,
  EXERCISES,
  CAMPAIGNS,
  ATTESTATIONS,
  ROSTER,
  PERFORMANCE,
  PLANS,
  CONTACTS,
  DISCOVERIES,
  NOTIFICATION,
  WALL,
  ...(may("prove") ? [EVIDENCE] : []),
  ...(may("calibrate") ? [REPLAY] : []),
  ...(may("seeRejects") ? [REJECTS] : []),
  ...(may("managePeople") ? [PEOPLE] : []),
]);
