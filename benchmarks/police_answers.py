"""Answers of a receiver, mutated: no crash, and never an acknowledgement that is none.

``python -m benchmarks.police_answers [COUNT] [SEED]`` runs as many as asked for; as a benchmark it
runs 100,000. What is taken for an acknowledgement is judged by a decoder that is not ours.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from siadc09.message import parse_frame

from benchmarks import measure
from devices.police_link.dc09 import Format, Frame, Identity, event_frame, supervision_frame
from devices.police_link.dc09_answer import KEPT, TIMELY_MS, Hearing
from devices.police_link.link import Code, LinkEvent, Result
from devices.simulator.receiver_answers import HEAD, Fault, answer, envelope

ANSWERS: Final = 100_000
NOW: Final = 1_795_312_800_000
_KEYS: Final = (None, bytes(range(16)), bytes(range(24)), bytes(range(32)))
_OTHER_KEY: Final = b"another key, 16b"
_LETTERS: Final = b'\n\r"[]|#_*RLACKNDUH0123456789ABCDEFabcdef:,-\x00\xff'


Mutation: TypeAlias = Callable[[bytes, random.Random], bytes]


class Case(msgspec.Struct, frozen=True):
    """A frame that was sent, the true answers to it, and answers of all kinds."""

    frame: Frame
    true: tuple[bytes, ...]
    others: tuple[bytes, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What became of all answers. ``false`` holds acknowledgements that are none."""

    answers: int
    verdicts: dict[str, int]
    false: tuple[bytes, ...]
    crashes: tuple[str, ...]
    acknowledged: int


def cases() -> list[Case]:
    """Plain and with each size of key, events and supervision messages."""
    event = LinkEvent(key="k", sequence=777, code=Code.PANIC, happened=NOW, known=NOW, school="s1")
    made = []
    for key in _KEYS:
        identity = Identity(account="001234", receiver=1, line=2, key=key)
        made.append(_case(event_frame(event, identity, Format.CONTACT_ID, NOW)))
        made.append(_case(supervision_frame(identity, NOW)))
    return made


def _case(frame: Frame) -> Case:
    head = HEAD.search(frame.octets)
    assert head is not None
    key = frame.identity.key
    others = [answer(head, key, NOW, fault, old=old) for fault in Fault for old in (True, False)]
    others += [answer(head, _OTHER_KEY, NOW, Fault.NONE, old=old) for old in (True, False)]
    others += [answer(head, None, NOW, Fault.NONE, old=False), b'"ACK"', b"\n\r", frame.octets]
    true = tuple(answer(head, key, NOW, Fault.NONE, old=old) for old in (True, False))
    return Case(frame, true, tuple(others))


def _flip(octets: bytes, chance: random.Random) -> bytes:
    made = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        if made:
            made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _write(octets: bytes, chance: random.Random) -> bytes:
    made = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        if made:
            made[chance.randrange(len(made))] = chance.choice(_LETTERS)
    return bytes(made)


def _cut(octets: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(octets) + 1)
    return octets[:begin] + octets[begin + chance.randint(1, 8) :]


def _put_in(octets: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(octets) + 1)
    return octets[:at] + chance.randbytes(chance.randint(1, 12)) + octets[at:]


def _truncate(octets: bytes, chance: random.Random) -> bytes:
    return octets[: chance.randrange(len(octets) + 1)]


def _leave(octets: bytes, chance: random.Random) -> bytes:  # noqa: ARG001 - as the others
    return octets


def _repeat(octets: bytes, chance: random.Random) -> bytes:
    return octets * chance.randint(1, KEPT // max(len(octets), 1) + 2)


def _noise(octets: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(min(len(octets), 200))


def _sealed_anew(change: Mutation) -> Mutation:
    """A mutation of the text under a right CRC and length: the most dangerous kind."""

    def mutate(octets: bytes, chance: random.Random) -> bytes:
        return envelope(change(octets[9:-1], chance)[:4000])

    return mutate


_MUTATIONS: Final[Sequence[Mutation]] = (
    _flip,
    _write,
    _cut,
    _put_in,
    _truncate,
    _sealed_anew(_flip),
    _sealed_anew(_write),
    _sealed_anew(_cut),
    _sealed_anew(_put_in),
    _leave,
    _repeat,
    _noise,
)


def fuzz(answers: int, seed: int) -> Outcome:
    """Let ``answers`` mutated answers be heard, each in pieces as a network brings them."""
    chance = random.Random(seed)
    made = cases()
    verdicts: Counter[str] = Counter()
    false: list[bytes] = []
    crashes: list[str] = []
    for number in range(answers):
        case = made[number % len(made)]
        mutation = chance.choice(_MUTATIONS)
        octets = mutation(chance.choice(case.true + case.others), chance)
        if chance.random() < 0.2:
            octets += mutation(chance.choice(case.others), chance)
        try:
            result = _hear(case.frame, octets, chance)
        except Exception as error:  # noqa: BLE001 - counted: that is what is looked for
            crashes.append(f"{type(error).__name__}: {error} on {octets!r}")
            continue
        verdicts[result] += 1
        if result is Result.ACKNOWLEDGED and not truly(case.frame, octets[:KEPT]):
            false.append(octets)
    return Outcome(
        answers, dict(verdicts), tuple(false), tuple(crashes), verdicts[Result.ACKNOWLEDGED]
    )


def _hear(frame: Frame, octets: bytes, chance: random.Random) -> Result:
    hearing = Hearing(frame)
    begin = 0
    while begin < len(octets):
        end = begin + chance.choice((1, 3, 10, 40, 200, 5000))
        verdict = hearing.feed(octets[begin:end], NOW)
        if verdict is not None:
            return verdict.result
        begin = end
    return hearing.end("no more").result


def truly(frame: Frame, octets: bytes) -> bool:
    """Whether somewhere in ``octets`` siadc09 reads an acknowledgement of just this frame."""
    for piece in octets.split(b"\r"):
        begin = piece.rfind(b"\n")
        if begin >= 0 and _acknowledges(piece[begin:] + b"\r", frame):
            return True
    return False


def _acknowledges(octets: bytes, frame: Frame) -> bool:
    identity = frame.identity
    try:
        message = parse_frame(_without_rest(octets, identity.key), identity.key)
    except (RuntimeError, ValueError, TypeError):
        return False
    if identity.key is not None:
        stamp = message.timestamp
        if stamp is None or abs(stamp.timestamp() * 1000 - NOW) > TIMELY_MS:
            return False
    return bool(
        message.idtoken == "ACK"
        and message.encrypted is (identity.key is not None)
        and message.seq == frame.sequence
        and message.account.acct == int(identity.account, 16)
        and (message.account.pref or 0) == identity.line
        and message.account.rcvr in (None, identity.receiver)
    )


def _without_rest(octets: bytes, key: bytes | None) -> bytes:
    """An older sender's frame without what stands behind its time: siadc09 reads none of that."""
    if key is None or b"[" not in octets:
        return octets
    head, _, content = octets[9:-1].partition(b"[")
    try:
        cipher = bytes.fromhex(content.decode("ascii"))
        opened = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
        clear = opened.update(cipher) + opened.finalize()
    except ValueError:
        return octets
    end = clear.rfind(b"_") + len("_HH:MM:SS,MM-DD-YYYY")
    if end >= len(clear) or envelope(octets[9:-1])[:9] != octets[:9].upper():
        return octets
    # The same text in whole blocks: the pad may be as long as it likes for siadc09.
    clear = b"0" * (-end % 16) + clear[:end]
    seal = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return envelope(head + b"[" + (seal.update(clear) + seal.finalize()).hex().upper().encode())


def main(answers: int = ANSWERS, seed: int | None = None) -> dict[str, Any]:
    """The figures; the seed is among them, so that what was found can be found again."""
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    start = time.perf_counter()
    outcome = fuzz(answers, seed)
    took = time.perf_counter() - start
    for octets in outcome.false[:10]:
        measure.say(f"taken for an acknowledgement: {octets!r}")
    for crash in outcome.crashes[:10]:
        measure.say(f"crash: {crash}")
    return {
        "holds": not outcome.false and not outcome.crashes and outcome.acknowledged > 0,
        "answers": outcome.answers,
        "seed": seed,
        "crashes": len(outcome.crashes),
        "false_acknowledgements": len(outcome.false),
        "verdicts": outcome.verdicts,
        "answers_per_s": round(answers / took),
    }


if __name__ == "__main__":
    figures = main(*(int(argument) for argument in sys.argv[1:3]))
    print(json.dumps(figures))
    sys.exit(0 if figures["holds"] else 1)
