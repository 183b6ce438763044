// The catalogues and the page must agree: every key used is there, every page key is used.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import en from "@words/en.json";
import zh from "@words/zh-CN.json";

const SOURCES = fileURLToPath(new URL("..", import.meta.url));
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([all]) => all).sort();
const pageKeys = Object.keys(zh).filter((key) => key.startsWith("page."));

function sources(): string {
  return readdirSync(SOURCES, { recursive: true, encoding: "utf-8" })
    .filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(SOURCES, name), "utf-8"))
    .join("\n");
}

describe("the catalogues", () => {
  it("hold the same keys in both languages", () => {
    expect(Object.keys(en)).toEqual(Object.keys(zh));
  });

  it("have the same placeholders in both languages", () => {
    const other = en as Record<string, string>;
    for (const [key, text] of Object.entries(zh))
      expect(placeholders(other[key] ?? ""), key).toEqual(placeholders(text));
  });

  it("hold no page key that the page does not use", () => {
    const code = sources();
    // `page.verify.${needs}.other` uses each key that it may come out as.
    const made = [...code.matchAll(/`(page\.[^`]*\$\{[^`]*)`/g)].map(([, text = ""]) => {
      const parts = text.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(".", "\\."));
      return new RegExp(`^${parts.join(".+")}$`);
    });
    const used = (key: string) => code.includes(key) || made.some((one) => one.test(key));
    expect(made.length).toBeGreaterThan(10);
    expect(pageKeys.filter((key) => !used(key))).toEqual([]);
  });
});
