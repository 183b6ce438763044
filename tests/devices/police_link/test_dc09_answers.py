"""What counts as an acknowledgement, and what else a receiver's answer may say."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import police_answers
from devices.police_link.dc09 import Format, Frame, Identity, event_frame, supervision_frame
from devices.police_link.dc09_answer import KEPT, Answer, Hearing, read_answer
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint
from devices.police_link.link import Code, LinkEvent, Path, Result
from devices.simulator.receiver import Receiver
from devices.simulator.receiver_answers import HEAD, Fault, answer, envelope, refusal

NOW = 1_795_312_800_000
KEYS = [None, bytes(range(16)), bytes(range(24)), bytes(range(32))]


def sent(key: bytes | None = None, *, account: str = "1234", sequence: int = 1) -> Frame:
    event = LinkEvent(
        key="k", sequence=sequence, code=Code.PANIC, happened=NOW, known=NOW, school="s1"
    )
    return event_frame(event, Identity(account=account, key=key), Format.CONTACT_ID, NOW)


def answered(frame: Frame, fault: Fault = Fault.NONE, *, old: bool = False, at: int = NOW) -> bytes:
    head = HEAD.search(frame.octets)
    assert head is not None
    return answer(head, frame.identity.key, at, fault, old=old)


def heard(frame: Frame, *pieces: bytes) -> Answer:
    hearing = Hearing(frame)
    for piece in pieces:
        verdict = hearing.feed(piece, NOW)
        if verdict is not None:
            return verdict
    return hearing.end("no answer in time")


def test_the_acknowledgement_of_the_standard_counts() -> None:
    verdict = read_answer(b'\nDBE70014"ACK"0001R0L0#1234[]\r', sent(), NOW)
    assert (verdict.result, verdict.final) == (Result.ACKNOWLEDGED, True)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("old", [False, True], ids=["edition of 2026", "older padding"])
def test_acknowledgements_of_every_edition_and_key_count(key: bytes | None, old: bool) -> None:
    for frame in (sent(key), supervision_frame(Identity(account="00012", key=key), NOW)):
        assert heard(frame, answered(frame, old=old)).result is Result.ACKNOWLEDGED


@pytest.mark.parametrize("pad", range(32))
@pytest.mark.parametrize("bar", [b"", b"|"])
def test_a_pad_of_any_length_is_accepted(pad: int, bar: bytes) -> None:
    key = bytes(16)
    clear = b"\x00" * pad + bar + b"]_02:00:00,11-22-2026"
    clear += b"\x07" * (-len(clear) % 16)
    assert heard(sent(key), _encrypted(key, clear)).result is Result.ACKNOWLEDGED


def _encrypted(key: bytes, clear: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415

    seal = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    content = (seal.update(clear) + seal.finalize()).hex().upper().encode()
    return envelope(b'"*ACK"0001R0L0#1234[' + content)


@pytest.mark.parametrize(
    ("clear", "why"),
    [
        (b"x" * 16 + b"]" + b" " * 15, "the time is missing"),
        (b"x" * 16 + b"]_02:00:00,13-22-2026" + b" " * 11, "no such month"),
        (b"x" * 42 + b"]_02:00:00,11-22-2026 ", "too long a pad"),
        (b"x" * 8 + b"_02:00:00,11-22-2026]" + b" " * 3, "the time inside the data"),
        (b"x" * 3 + b"]_02:00:00,11-22-2026" + b" " * 40, "too much behind the time"),
    ],
)
def test_encrypted_content_that_is_none_does_not_count(clear: bytes, why: str) -> None:
    assert len(clear) % 16 == 0, why
    assert heard(sent(bytes(16)), _encrypted(bytes(16), clear)).result is Result.GARBLED, why


@pytest.mark.parametrize("content", [b"", b"00", b"0" * 31, b"XYZ0" * 8, b"]"])
def test_content_that_no_key_opens_does_not_count(content: bytes) -> None:
    octets = envelope(b'"*ACK"0001R0L0#1234[' + content)
    assert heard(sent(bytes(16)), octets).result is Result.GARBLED


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.BAD_CRC, "CRC"),
        (Fault.WRONG_SEQUENCE, "sequence number 0002, not 0001"),
        (Fault.WRONG_ACCOUNT, "account 1235, not 1234"),
        (Fault.WRONG_KEY, "encrypted"),
    ],
)
@pytest.mark.parametrize("key", KEYS[:2])
def test_the_acknowledgement_of_something_else_does_not_count(
    fault: Fault, said: str, key: bytes | None
) -> None:
    frame = sent(key)
    verdict = heard(frame, answered(frame, fault))
    assert verdict.result is Result.GARBLED
    assert said in verdict.reason


def test_a_mark_of_encryption_on_a_plain_link_does_not_count() -> None:
    for content in (b"]", b"0" * 64):
        octets = envelope(b'"*ACK"0001R0L0#1234[' + content)
        assert heard(sent(), octets).result is Result.GARBLED


def test_an_answer_is_found_behind_the_beginning_of_another_one() -> None:
    """A frame that broke off, and then a whole one: the last LF before a CR begins it."""
    octets = answered(sent())
    assert heard(sent(), octets[:15] + octets).result is Result.ACKNOWLEDGED


@pytest.mark.parametrize("numbers", ["R0L1", "R1L0", "L1"])
def test_the_acknowledgement_of_another_line_or_receiver_does_not_count(numbers: str) -> None:
    octets = envelope(f'"ACK"0001{numbers}#1234[]'.encode())
    assert heard(sent(), octets).result is Result.GARBLED


def test_a_receiver_that_drops_leading_zeros_or_its_own_number_is_understood() -> None:
    frame = sent(account="001234")
    for text in (b'"ACK"0001R0L0#1234[]', b'"ACK"0001L0#001234[]', b'"ACK"0001R0L0#1234[]'):
        assert heard(frame, envelope(text)).result is Result.ACKNOWLEDGED


def test_plain_text_does_not_acknowledge_on_an_encrypted_link() -> None:
    frame = sent(bytes(16))
    verdict = heard(frame, answered(frame, Fault.PLAIN))
    assert (verdict.result, "plain text" in verdict.reason) == (Result.GARBLED, True)


@pytest.mark.parametrize(
    ("seconds", "counts"), [(-39, True), (19, True), (39, True), (-42, False), (42, False)]
)
def test_a_recording_of_an_acknowledgement_does_not_count(seconds: int, counts: bool) -> None:
    """All supervision messages have the number 0: only the time shows which one was answered."""
    frame = supervision_frame(Identity(account="1234", key=bytes(16)), NOW)
    verdict = heard(frame, answered(frame, at=NOW + seconds * 1000))
    assert verdict.result is (Result.ACKNOWLEDGED if counts else Result.CLOCK)
    assert verdict.offset_ms == seconds * 1000 + 500


@pytest.mark.parametrize("ahead_s", [-19, 19, 38])
async def test_a_receiver_that_takes_our_time_is_one_whose_acknowledgement_we_take(
    ahead_s: int,
) -> None:
    key = bytes(16)
    async with Receiver({"1234": key}, clock_offset_ms=ahead_s * 1000) as receiver:
        endpoint = Endpoint(host="127.0.0.1", port=receiver.port, answer_timeout_s=10.0)
        config = Dc09Config(identity=Identity(account="1234", key=key), primary=endpoint)
        exchange = await Dc09Link(config).probe(Path.PRIMARY)
    assert exchange.acknowledged, exchange
    assert exchange.offset_ms == pytest.approx(ahead_s * 1000, abs=1000)


@pytest.mark.parametrize(
    "text",
    [b'"NAK"0000R0L0A0[]', b'"NAK"0000L0R0A0[]', b'"NAK"0000L0#1234[]', b'"NAK"0001R0L0#1234[x]'],
)
def test_refusals_in_all_spellings_are_final(text: bytes) -> None:
    for key in KEYS:
        verdict = heard(sent(key), envelope(text))
        assert (verdict.result, verdict.final) == (Result.REFUSED, True)
        timed = heard(sent(key), envelope(text + b"_02:00:00,11-22-2026"))
        assert timed.result is Result.REFUSED
        assert timed.offset_ms == 500


@pytest.mark.parametrize(
    ("seconds", "result"),
    [(-19, Result.REFUSED), (39, Result.REFUSED), (-22, Result.CLOCK), (42, Result.CLOCK)],
)
def test_a_refusal_tells_by_how_much_a_clock_is_wrong(seconds: int, result: Result) -> None:
    """The receiver takes our time from 40 s before to 20 s after its own."""
    verdict = heard(sent(), refusal(NOW + seconds * 1000))
    assert (verdict.result, verdict.offset_ms) == (result, seconds * 1000 + 500)


def test_a_refusal_with_an_impossible_time_is_still_a_refusal() -> None:
    verdict = heard(sent(), envelope(b'"NAK"0000R0L0A0[]_25:61:00,02-30-2026'))
    assert (verdict.result, verdict.offset_ms) == (Result.REFUSED, None)


def test_duh_says_that_it_was_received_and_not_understood() -> None:
    verdict = heard(sent(bytes(16)), answered(sent(bytes(16)), Fault.DUH))
    assert (verdict.result, verdict.final) == (Result.UNABLE, True)
    other = heard(sent(sequence=2), answered(sent(sequence=1), Fault.DUH))
    assert other.result is Result.GARBLED


@pytest.mark.parametrize(
    ("octets", "result"), [(b'"NAK"', Result.REFUSED), (b'"DUH"\r', Result.UNABLE)]
)
def test_a_bare_word_without_a_frame_refuses(octets: bytes, result: Result) -> None:
    assert heard(sent(), octets).result is result
    assert heard(sent(), *(octets[at : at + 1] for at in range(len(octets)))).result is result


@pytest.mark.parametrize("octets", [b'"ACK"', b"\n\r", b"\r\r\r", b'"ACK"\r', b"\n\n\n", b"hello"])
def test_other_words_without_a_frame_are_garbled(octets: bytes) -> None:
    assert heard(sent(), octets).result is Result.GARBLED


def test_a_late_answer_to_an_earlier_frame_is_passed_over() -> None:
    for key in KEYS:
        frame = sent(key, sequence=7)
        both = answered(frame, Fault.STALE)
        assert heard(frame, both).result is Result.ACKNOWLEDGED
        earlier = both[: both.index(b"\r") + 1]
        assert "sequence number 0006" in heard(frame, earlier).reason


def test_half_an_answer_is_none() -> None:
    octets = answered(sent())
    for cut in range(1, len(octets)):
        assert heard(sent(), octets[:cut]).result is Result.GARBLED
    assert heard(sent()).result is Result.SILENT


@given(
    key=st.sampled_from(KEYS),
    old=st.booleans(),
    before=st.binary(max_size=20).filter(lambda noise: b"\r" not in noise),
    cuts=st.lists(st.integers(0, 200), max_size=6),
)
def test_pieces_make_no_difference(
    key: bytes | None, old: bool, before: bytes, cuts: list[int]
) -> None:
    frame = sent(key)
    octets = before + answered(frame, old=old)
    ends = [*sorted(cuts), len(octets)]
    pieces = [octets[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    assert heard(frame, *pieces).result is Result.ACKNOWLEDGED


@given(noise=st.binary(max_size=300), key=st.sampled_from(KEYS))
def test_noise_never_acknowledges(noise: bytes, key: bytes | None) -> None:
    assert heard(sent(key), noise).result is not Result.ACKNOWLEDGED
    enveloped = envelope(noise.replace(b"\r", b"").replace(b"\n", b""))
    assert heard(sent(key), enveloped).result is not Result.ACKNOWLEDGED


@given(key=st.binary(min_size=16, max_size=16), other=st.binary(min_size=16, max_size=16))
def test_another_key_never_acknowledges(key: bytes, other: bytes) -> None:
    frame = sent(other)
    verdict = heard(sent(key), answered(frame))
    assert (verdict.result is Result.ACKNOWLEDGED) is (key == other)


def test_a_receiver_that_does_not_stop_is_not_heard_to_the_end() -> None:
    hearing = Hearing(sent())
    verdict = hearing.feed(b"x" * 1_000_000, NOW)
    assert verdict is not None
    assert (verdict.result, verdict.final) == (Result.GARBLED, True)
    assert len(hearing.received) == KEPT
    flood = b"\r" * 1_000_000
    assert heard(sent(), flood).result is Result.GARBLED


@pytest.mark.parametrize("spelling", ["raw", "upper", "lower"])
def test_a_key_told_by_a_receiver_is_not_kept_as_evidence(spelling: str) -> None:
    key = b"sixteen secret b"
    told = {"raw": key, "upper": key.hex().upper().encode(), "lower": key.hex().encode()}[spelling]
    hearing = Hearing(sent(key))
    hearing.feed(b"[K" + told + b"]", NOW)
    assert told not in hearing.received
    assert len(hearing.received) == len(told) + 3


def test_mutated_answers_neither_crash_nor_acknowledge_falsely() -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    outcome = police_answers.fuzz(5_000, seed)
    assert (outcome.false, outcome.crashes) == ((), ()), f"seed {seed}"
    assert outcome.acknowledged > 100, "the true answers among them have to be heard"


def test_the_judge_of_the_mutations_knows_true_from_false() -> None:
    for case in police_answers.cases():
        for octets in case.true:
            assert police_answers.truly(case.frame, octets)
            broken = bytearray(octets)
            broken[3] ^= 1
            assert not police_answers.truly(case.frame, bytes(broken))
