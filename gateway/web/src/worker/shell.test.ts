import { describe, expect, it } from "vitest";
import { isAway, wayOf } from "./shell";

const HERE = "https://campus.example";
const SHELL = new Set(["/", "/assets/index-abc.js"]);
const way = (path: string, { method = "GET", mode = "cors", origin = HERE } = {}) =>
  wayOf({ method, mode, url: origin + path }, HERE, SHELL);

describe("the service worker", () => {
  it("answers for the page and for what it starts with", () => {
    expect(way("/", { mode: "navigate" })).toBe("page");
    expect(way("/alerts/7?x=1", { mode: "navigate" })).toBe("page");
    expect(way("/assets/index-abc.js")).toBe("shell");
  });

  it.each([
    "/api/v1/alerts",
    "/api/v1/stream?after=7",
    "/healthz",
    "/metrics",
    "/sw.js",
    "/mark.svg",
    "/manifest.en.webmanifest",
    "/assets/later-def.js",
    "/",
  ])("leaves %s alone", (path) => {
    expect(way(path)).toBe("not ours");
  });

  it("leaves alone what is written, what is elsewhere, and pages that are no part of the app", () => {
    expect(way("/", { mode: "navigate", method: "POST" })).toBe("not ours");
    expect(way("/", { mode: "navigate", origin: "https://evil.example" })).toBe("not ours");
    expect(way("/acknowledge/abc", { mode: "navigate" })).toBe("not ours");
    expect(way("/api/v1/alerts/7/report.pdf", { mode: "navigate" })).toBe("not ours");
    expect(way("/mark.svg", { mode: "navigate" })).toBe("not ours");
    expect(way("/apiary", { mode: "navigate" })).toBe("page");
  });

  it("takes a proxy's word that the gateway is away", () => {
    expect([500, 502, 503, 504, 404].map(isAway)).toEqual([false, true, true, true, false]);
  });
});
