// Where the page starts.
import { createApp, h } from "vue";

createApp({ render: () => h("p", "校园安全网关") }).mount("#page");
