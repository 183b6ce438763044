// Published vectors: the trees of Certificate Transparency, and the note of Go's documentation.
import { describe, expect, it } from "vitest";
import type { FactProof } from "@/api/types";
import { check, leafHash, outcome, readHead, rootOf, salted, signedBy } from "@/evidence/proof";

const ROOT_8 = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
const PATH_0 = [
  "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
  "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
];
const EMPTY_LEAF = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";

describe("the tree", () => {
  it("hashes a leaf as published", async () => {
    expect(await leafHash("")).toBe(EMPTY_LEAF);
  });

  it("follows a published path to its root, and no other", async () => {
    expect(await rootOf(EMPTY_LEAF, 0, 8, PATH_0)).toBe(ROOT_8);
    expect(await rootOf(EMPTY_LEAF, 0, 1, [])).toBe(EMPTY_LEAF);
    expect(await rootOf(EMPTY_LEAF, 1, 8, PATH_0)).not.toBe(ROOT_8);
    expect(await rootOf(EMPTY_LEAF, 8, 8, PATH_0)).toBeNull();
    expect(await rootOf(EMPTY_LEAF, 0, 8, [...PATH_0, ROOT_8])).toBeNull();
    expect(await rootOf(EMPTY_LEAF, 0, 8, PATH_0.slice(1))).toBeNull();
  });
});

describe("the head", () => {
  const note =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  const key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const gap = note.lastIndexOf("\n\n");
  const raw = Uint8Array.from(atob(note.slice(gap).split(" ")[2]?.trim() ?? ""), (sign) => sign.charCodeAt(0));
  const head = { origin: "PeterNeumann", size: 0, root: "", signed: note.slice(0, gap + 1), lines: [{ name: "PeterNeumann", raw }] };

  it("knows whose signature it is", async () => {
    expect(["holds", "unknown"]).toContain(await signedBy(head, key));
    expect(["fails", "unknown"]).toContain(await signedBy({ ...head, signed: `${head.signed}x` }, key));
    expect(await signedBy(head, key.replace("c74f20a3", "c74f20a4"))).toBe("fails");
    expect(await signedBy({ ...head, origin: "another" }, key)).toBe("fails");
  });

  it("is read, or is none", () => {
    expect(readHead("log/one\n12\nAAAA\ntime 5\n\n— log/one AAAAAAAA\n")).toMatchObject({ origin: "log/one", size: 12, root: "000000" });
    for (const content of ["", "one line", "log\n-1\nAAAA\n\n", "log\n1\n****\n\n— x AAAA\n"]) expect(readHead(content)).toBeNull();
  });
});

describe("the proof of a fact", () => {
  const salt = "00".repeat(16);

  async function proof(): Promise<FactProof> {
    const leaf = JSON.stringify({
      actor: await salted(salt, "user:tim"),
      body: await salted(salt, "{}"),
      subject: await salted(salt, "school:no1"),
    });
    const hash = await leafHash(leaf);
    const coded = btoa(String.fromCharCode(...(hash.match(/../g) ?? []).map((one) => parseInt(one, 16))));
    return {
      row: 1, index: 0, leaf, hash, changed: false, school: "no1", path: [],
      subject: "school:no1", subject_salt: salt, actor: "user:tim", actor_salt: salt, body: "{}", body_salt: salt,
      head: { size: 1, at: 0, root: hash, row: 1, witnesses: [], note: `log\n1\n${coded}\n\n— log AAAAAAAA\n` },
    };
  }

  it("holds step by step, and says what does not", async () => {
    const whole = await proof();
    const steps = await check(whole, "log+00000001+AQ==");
    expect(steps.map((one) => [one.name, one.outcome])).toEqual([
      ["subject", "holds"], ["actor", "holds"], ["body", "holds"], ["leaf", "holds"], ["path", "holds"],
      ["head", "holds"], ["signature", "fails"],
    ]);
    expect(outcome(steps.slice(0, 6))).toBe("holds");
    const changed = await check({ ...whole, body: '{"verdict":"met"}' }, "log+00000001+AQ==");
    expect(changed.find((one) => one.outcome === "fails")?.name).toBe("body");
    expect(outcome(changed)).toBe("fails");
    expect(await check({ ...whole, head: null }, "")).toHaveLength(4);
  });
});
