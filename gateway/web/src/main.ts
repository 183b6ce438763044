// Where the page starts: language and theme first, so that nothing flashes, then the session.
import { createApp } from "vue";
import { enlist } from "@/app/registration";
import { show } from "@/look/theme";
import { begin } from "@/session/session";
import AppShell from "@/shell/AppShell.vue";
import { makeRouter } from "@/shell/router";
import { speak } from "@/words/words";
import "@/look/tokens.css";
import "@/look/controls.css";

show();
await Promise.all([speak(), begin()]);
const router = makeRouter();
createApp(AppShell).use(router).mount("#page");
enlist(router);
