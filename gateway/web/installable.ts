// Makes the built page an app: a manifest per language, and a service worker that knows this build.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { build } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const LANGUAGES = ["zh-CN", "en"] as const;
/** What index.html holds in the place of the build's name. */
const PLACE = "%BUILD%";

type Words = Record<string, string>;

const wordsOf = (language: string) =>
  JSON.parse(readFileSync(here(`../words/${language}.json`), "utf-8")) as Words;

function manifest(language: string, words: Words): string {
  const icon = (name: string, size: number, purpose = "any") => ({
    src: `/icons/${name}-${size}.png`,
    sizes: `${size}x${size}`,
    type: "image/png",
    purpose,
  });
  return JSON.stringify({
    id: "/",
    name: words["app.name"],
    short_name: words["app.short"],
    description: words["app.description"],
    lang: language,
    dir: "ltr",
    start_url: "/",
    scope: "/",
    display: "standalone",
    // A second window of a control room would sound twice: the one that is open is shown.
    launch_handler: { client_mode: ["focus-existing", "auto"] },
    background_color: "#dfe2e4",
    theme_color: "#e4e6e8",
    icons: [
      { src: "/mark.svg", sizes: "any", type: "image/svg+xml", purpose: "any" },
      icon("mark", 192),
      icon("mark", 512),
      icon("mask", 512, "maskable"),
    ],
    shortcuts: [
      { name: words["page.nav.alerts"], url: "/" },
      { name: words["page.nav.devices"], url: "/devices" },
    ],
  });
}

/** The files that the page starts with, as index.html names them, and the catalogues. */
function shellOf(html: string, files: readonly string[]): string[] {
  const named = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1] ?? "");
  const catalogues = files.filter((name) => /^assets\/(zh-CN|en)-[^/]+\.js$/.test(name));
  return ["/", ...new Set([...named, ...catalogues.map((name) => `/${name}`)])];
}

export function installable(): Plugin {
  return {
    name: "installable",
    apply: "build",
    // Before any `closeBundle`: what is written here is compressed there.
    writeBundle: {
      sequential: true,
      async handler(options, bundle) {
        const folder = options.dir ?? "";
        const page = join(folder, "index.html");
        const html = readFileSync(page, "utf-8");
        const files = Object.keys(bundle).sort();
        const name = createHash("sha256").update(html).update(files.join("\n")).digest("hex").slice(0, 12);
        writeFileSync(page, html.replace(PLACE, name));
        const words = Object.fromEntries(LANGUAGES.map((one) => [one, wordsOf(one)]));
        for (const one of LANGUAGES)
          writeFileSync(join(folder, `manifest.${one}.webmanifest`), manifest(one, words[one] ?? {}));
        const said = (key: string) => LANGUAGES.map((one) => words[one]?.[key] ?? "").join(" · ");
        await build({
          configFile: false,
          logLevel: "warn",
          publicDir: false,
          define: {
            __BUILD__: JSON.stringify(name),
            __SHELL__: JSON.stringify(shellOf(html, files)),
            __SAID__: JSON.stringify({
              name: said("app.name"),
              unread: said("page.push.unread"),
              ended: said("page.push.ended"),
            }),
          },
          build: {
            target: "es2022",
            outDir: folder,
            emptyOutDir: false,
            lib: { entry: here("src/worker/worker.ts"), formats: ["iife"], name: "worker", fileName: () => "sw.js" },
          },
        });
      },
    },
  };
}
