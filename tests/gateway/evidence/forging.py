"""A forger: knows the format of a bundle, can make every hash anew, and has a key of their own.

What they have not is the log's key, and the heads that others hold.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit.evidence.bundle import SIGNATURE, signed_text
from audit.evidence.heads import Head, read_head, signed
from audit.evidence.leaf import CHAIN_HEADS
from audit.evidence.merkle import Growing, leaf_hash, spans
from audit.evidence.notes import Signer
from audit.policy import POLICY

Line = dict[str, Any]


def dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def salted(salt: str, value: str) -> str:
    return sha256(bytes.fromhex(salt) + value.encode()).hexdigest()


class Forger:
    """A bundle in the hands of somebody who wants it to say something else."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self.chance = chance
        with zipfile.ZipFile(path) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        self.facts = self._lines("facts.jsonl")
        self.chains = self._lines("chains.jsonl")
        self.heads = self._lines("heads.jsonl")
        self.manifest: Line = json.loads(self.members["manifest.json"])
        self.names = {one["chain"]: one["name"] for one in self.chains if "name" in one}
        self.key = Signer(self.manifest["origin"], chance.randbytes(32))
        self.proof = [
            self.members["proof.bin"][at : at + 32]
            for at in range(0, len(self.members["proof.bin"]), 32)
        ]

    def _lines(self, name: str) -> list[Line]:
        return [json.loads(line) for line in self.members[name].splitlines()]

    def write(self, path: Path, *, resign: bool = True) -> Path:
        """The bundle as it is now, signed by the forger unless they leave that as it is."""
        for name, lines in (
            ("facts.jsonl", self.facts),
            ("chains.jsonl", self.chains),
            ("heads.jsonl", self.heads),
        ):
            if lines != self._lines(name):
                raw = "".join(dumped(line) + "\n" for line in lines)
                self.members[name] = raw.encode()
        self.members["proof.bin"] = b"".join(self.proof)
        if self.manifest != json.loads(self.members["manifest.json"]):
            self.members["manifest.json"] = json.dumps(self.manifest).encode()
        if resign:
            digests = {
                name: sha256(raw).hexdigest()
                for name, raw in self.members.items()
                if name != SIGNATURE
            }
            self.members[SIGNATURE] = str(self.key.sign(signed_text(digests))).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, raw in self.members.items():
                archive.writestr(name, raw)
        return path

    # What forgers do with hashes.

    def leaf(self, number: int) -> Line:
        found: Line = json.loads(self.facts[number]["leaf"])
        return found

    def put_leaf(self, number: int, leaf: Line) -> None:
        self.facts[number]["leaf"] = dumped(leaf)

    def salt_anew(self, number: int) -> None:
        """The leaf's hashes are those of what is disclosed now."""
        line, leaf = self.facts[number], self.leaf(number)
        for name in ("subject", "body", "actor"):
            if name in line:
                leaf[name] = salted(line[f"{name}_salt"], line[name])
        self.put_leaf(number, leaf)

    def link_anew(self) -> None:
        """Every chain fits together again, from the first to the last of its facts."""
        last: dict[str, tuple[int, str]] = {}
        for number, line in enumerate(self.facts):
            leaf = self.leaf(number)
            if leaf["chain"] in self.names:
                seq, previous = last.get(leaf["chain"], (0, ""))
                leaf["seq"], leaf["previous"] = seq + 1, previous
                self.put_leaf(number, leaf)
                hashed = leaf_hash(line["leaf"].encode()).hex()
                last[leaf["chain"]] = seq + 1, hashed
        for end in self.chains:
            if end["chain"] in last:
                end["seq"], end["hash"] = last[end["chain"]]

    def end_anew(self) -> None:
        """The fact about the ends of all chains says what they are now."""
        tree = Growing()
        for end in self.chains:
            keys = ("chain", "hash", "regions", "seq")
            tree.add(leaf_hash(dumped({key: end[key] for key in keys}).encode()))
        number = next(
            number
            for number, _ in enumerate(self.facts)
            if self.leaf(number)["kind"] == CHAIN_HEADS
        )
        body = json.loads(self.facts[number]["body"])
        body["root"], body["chains"] = tree.root.hex(), len(self.chains)
        self.facts[number]["body"] = dumped(body)
        self.salt_anew(number)

    def head_anew(self, *, key: bool) -> None:
        """The head has the root of the facts as they are now, signed by the forger.

        ``key``: and the forger's key stands in the manifest, as if it were the log's.
        """
        head = read_head(self.heads[0]["note"]).head
        tree, hashes = Growing(), iter(self.proof)
        for line in self.facts:
            tree.skip_to(line["index"], lambda: next(hashes))
            tree.add(leaf_hash(line["leaf"].encode()))
        tree.skip_to(head.size, lambda: next(hashes))
        made = Head(head.origin, head.size, tree.root, head.at)
        self.heads = [{"note": str(signed(made, self.key).note), "proof": []}]
        if key:
            self.manifest["key"] = str(self.key.verifier)

    # What they want.

    def some(self, *, kind: str | None = None, shown: bool = True) -> int:
        """The number of a fact to work on."""
        return self.chance.choice(
            [
                number
                for number, line in enumerate(self.facts)
                if self.leaf(number)["kind"] != CHAIN_HEADS
                and (not shown or "body" in line)
                and (kind is None or self.leaf(number)["kind"] == kind)
            ]
        )

    def change_body(self, number: int) -> None:
        """Something else in what a fact says."""
        body = self.facts[number]["body"]
        at = self.chance.randrange(len(body))
        sign = self.chance.choice([one for one in "abcxyz0189" if one != body[at]])
        self.facts[number]["body"] = body[:at] + sign + body[at + 1 :]

    def swap_policy(self) -> int:
        """A policy that asks for less."""
        number = self.some(kind=POLICY)
        policy = json.loads(self.facts[number]["body"])
        policy["source"], policy["items"] = "a bureau that asks for less", policy["items"][:1]
        self.facts[number]["body"] = dumped(policy)
        return number

    def drop(self, number: int, *, filled: bool) -> None:
        """A fact is gone; ``filled``: its hash stands for it, as for one that is not shown."""
        indexes = [line["index"] for line in self.facts]
        gone = self.facts.pop(number)
        if not filled:
            return
        head = read_head(self.heads[0]["note"]).head
        hashes, kept = iter(self.proof), {}
        begun = 0
        for line_index in (*indexes, head.size):
            for span in spans(begun, line_index):
                kept[span] = next(hashes)
            begun = line_index + 1
        leaves = {line["index"]: leaf_hash(line["leaf"].encode()) for line in (*self.facts, gone)}

        def node(level: int, index: int) -> bytes:
            if (level, index) in kept:
                return kept[level, index]
            if level == 0:
                return leaves[index]
            left, right = node(level - 1, 2 * index), node(level - 1, 2 * index + 1)
            return sha256(b"\x01" + left + right).digest()

        begun, self.proof = 0, []
        for line_index in (*(line["index"] for line in self.facts), head.size):
            self.proof += [node(*span) for span in spans(begun, line_index)]
            begun = line_index + 1

    def last_of_a_chain(self) -> int:
        """The last fact of some chain that is shown."""
        last = {
            self.leaf(number)["chain"]: number
            for number in range(len(self.facts))
            if self.leaf(number)["chain"] in self.names
        }
        return self.chance.choice(sorted(last.values()))


Forgery = Callable[[Forger], None]
