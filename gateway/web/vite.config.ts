// How the page is built: one language per chunk, no inline script, compressed siblings.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { installable } from "./installable.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Writes a `.br` and a `.gz` beside each text file, so that the gateway never compresses. */
function compressedSiblings(): Plugin {
  let folder = "";
  return {
    name: "compressed-siblings",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      if (!existsSync(folder)) return; // the build failed, and its own words say why
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf-8" })) {
        if (!/\.(html|js|css|svg|json|webmanifest)$/.test(name)) continue;
        const file = join(folder, name);
        const content = readFileSync(file);
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
        writeFileSync(`${file}.br`, brotliCompressSync(content, quality));
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [vue(), installable(), compressedSiblings()],
  resolve: {
    alias: { "@words": here("../words"), "@": here("src") },
  },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
  },
  build: {
    target: "es2022",
    emptyOutDir: true,
    modulePreload: { polyfill: false }, // the polyfill would be an inline script
    assetsInlineLimit: 0, // no data: addresses, so that the content policy can forbid them
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { bundlerTimings: false },
      output: {
        codeSplitting: {
          // One file for the library and one for what several rooms share, instead of a dozen
          // small ones: on a slow school network each request costs a round trip.
          groups: [
            { name: "vue", test: /node_modules\/(@vue|vue|vue-router)\// },
            { name: "shared", test: /\/src\//, minShareCount: 3 },
          ],
        },
      },
    },
  },
  server: { fs: { allow: [here("."), here("../words")] } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
