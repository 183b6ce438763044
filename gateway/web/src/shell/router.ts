// Which address shows which room. Only the alerts are part of the first load.
import { createRouter, createWebHistory } from "vue-router";
import type { RouteRecordRaw, Router } from "vue-router";
import AlertsPage from "@/alerts/AlertsPage.vue";

const routes: RouteRecordRaw[] = [
  { path: "/", name: "alerts", component: AlertsPage },
  { path: "/alerts/:id(\\d+)", name: "alert", component: AlertsPage },
  {
    path: "/overview",
    name: "overview",
    component: () => import("@/overview/OverviewPage.vue"),
  },
  { path: "/bureau", name: "bureau", component: () => import("@/bureau/BureauPage.vue") },
  { path: "/bureau/gaps", name: "gaps", component: () => import("@/bureau/GapsPage.vue") },
  {
    path: "/bureau/schools/:school",
    name: "school-sheet",
    component: () => import("@/bureau/SchoolSheet.vue"),
  },
  { path: "/wall", name: "wall", component: () => import("@/wall/WallPage.vue") },
  { path: "/history", name: "history", component: () => import("@/alerts/HistoryPage.vue") },
  { path: "/devices", name: "devices", component: () => import("@/devices/DevicesPage.vue") },
  {
    path: "/devices/:school/:id",
    name: "device",
    component: () => import("@/devices/DevicePage.vue"),
  },
  {
    path: "/figures/:school?/:kind?",
    name: "figures",
    component: () => import("@/figures/SchoolFigures.vue"),
  },
  {
    path: "/discoveries",
    name: "discoveries",
    component: () => import("@/discoveries/DiscoveriesPage.vue"),
  },
  { path: "/rejects", name: "rejects", component: () => import("@/rejects/RejectsPage.vue") },
  { path: "/links", name: "links", component: () => import("@/links/LinksPage.vue") },
  {
    path: "/links/:school/:name",
    name: "link",
    component: () => import("@/links/LinkPage.vue"),
  },
  {
    path: "/cameras",
    name: "cameras",
    component: () => import("@/cameras/CamerasPage.vue"),
  },
  {
    path: "/cameras/:school/:camera",
    name: "camera",
    component: () => import("@/cameras/CameraPage.vue"),
  },
  {
    path: "/electricity",
    name: "electricity",
    component: () => import("@/electricity/ElectricityPage.vue"),
  },
  { path: "/fire", name: "fire", component: () => import("@/fire/FirePage.vue") },
  {
    path: "/fire/:school/:place",
    name: "fire-room",
    component: () => import("@/fire/FireRoomPage.vue"),
  },
  {
    path: "/recordings",
    name: "recordings",
    component: () => import("@/recordings/RecordingsPage.vue"),
  },
  {
    path: "/recordings/:school/:camera",
    name: "recording",
    component: () => import("@/recordings/RecordingPage.vue"),
  },
  {
    path: "/plans/:school?/:place?",
    name: "plans",
    component: () => import("@/plans/PlansPage.vue"),
  },
  { path: "/work-orders", name: "orders", component: () => import("@/orders/OrdersPage.vue") },
  {
    path: "/work-orders/:id(\\d+)",
    name: "order",
    component: () => import("@/orders/OrderPage.vue"),
  },
  { path: "/hazards", name: "hazards", component: () => import("@/hazards/HazardsPage.vue") },
  {
    path: "/hazards/new",
    name: "inspect",
    component: () => import("@/hazards/InspectPage.vue"),
  },
  {
    path: "/hazards/:id(\\d+)",
    name: "hazard",
    component: () => import("@/hazards/HazardPage.vue"),
  },
  {
    path: "/campaigns",
    name: "campaigns",
    component: () => import("@/campaigns/CampaignsPage.vue"),
  },
  {
    path: "/campaigns/:id",
    name: "campaign",
    component: () => import("@/campaigns/CampaignPage.vue"),
  },
  {
    path: "/campaigns/:id/schools/:school",
    name: "checklist",
    component: () => import("@/campaigns/ChecklistPage.vue"),
  },
  {
    path: "/audit-reports",
    name: "audit-reports",
    component: () => import("@/campaigns/ReportsPage.vue"),
  },
  {
    path: "/audit-reports/:campaign/:kind/:period/:subject",
    name: "audit-report",
    component: () => import("@/campaigns/ReportPage.vue"),
  },
  { path: "/notices", name: "notices", component: () => import("@/hazards/NoticesPage.vue") },
  {
    path: "/notices/new",
    name: "notice-form",
    component: () => import("@/hazards/NoticeFormPage.vue"),
  },
  {
    path: "/notices/:id(\\d+)",
    name: "notice",
    component: () => import("@/hazards/NoticePage.vue"),
  },
  {
    path: "/maintenance",
    name: "maintenances",
    component: () => import("@/maintenance/MaintenancesPage.vue"),
  },
  {
    path: "/maintenance/:id(\\d+)",
    name: "maintenance",
    component: () => import("@/maintenance/MaintenancePage.vue"),
  },
  {
    path: "/exercises",
    name: "exercises",
    component: () => import("@/exercises/ExercisesPage.vue"),
  },
  {
    path: "/exercises/:id",
    name: "exercise",
    component: () => import("@/exercises/ExercisePage.vue"),
  },
  {
    path: "/attestations/:school?",
    name: "attestations",
    component: () => import("@/attestations/AttestationsPage.vue"),
  },
  { path: "/replays", name: "replays", component: () => import("@/replay/ReplaysPage.vue") },
  {
    path: "/replays/:id",
    name: "replay",
    component: () => import("@/replay/ReplayPage.vue"),
  },
  {
    path: "/verifications",
    name: "verifications",
    component: () => import("@/verification/VerificationsPage.vue"),
  },
  {
    path: "/verifications/:id",
    name: "verification",
    component: () => import("@/verification/VerificationPage.vue"),
  },
  {
    path: "/performance",
    name: "performance",
    component: () => import("@/performance/PerformancePage.vue"),
  },
  {
    path: "/commission",
    name: "commission",
    component: () => import("@/commissioning/CommissionPage.vue"),
  },
  { path: "/duty", name: "duty", component: () => import("@/duty/DutyPage.vue") },
  {
    path: "/schools/:school?/contacts",
    name: "contacts",
    component: () => import("@/response/ContactsPage.vue"),
  },
  {
    path: "/notification",
    name: "notification",
    component: () => import("@/notification/NotificationPage.vue"),
  },
  { path: "/roster", name: "roster", component: () => import("@/roster/RosterPage.vue") },
  {
    path: "/schools/:school/baseline",
    name: "baseline",
    component: () => import("@/roster/BaselinePage.vue"),
  },
  {
    path: "/evidence",
    name: "evidence",
    component: () => import("@/evidence/EvidencePage.vue"),
  },
  { path: "/people", name: "people", component: () => import("@/people/PeoplePage.vue") },
  { path: "/settings", name: "settings", component: () => import("@/settings/SettingsPage.vue") },
  { path: "/:rest(.*)*", name: "nowhere", component: () => import("@/shell/NowherePage.vue") },
];

/** Made only after the one-time code is out of the address: the router would put it back. */
export function makeRouter(): Router {
  return createRouter({ history: createWebHistory(), routes });
}
