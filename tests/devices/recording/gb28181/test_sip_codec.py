"""SIP as recorders write it: read tolerantly, within bounds, never with another error than ours."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.recording.gb28181.errors import SipError
from devices.recording.gb28181.sip import (
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    Framer,
    Request,
    Response,
    parse,
    response_to,
    tag_of,
    user_of,
)

BODY = b"<Notify>\r\n\r\n</Notify>"
REGISTER = (
    b"REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK1\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK0\r\n"
    b"From: <sip:34020000001180000001@3402000000>;tag=77\r\n"
    b"To: <sip:34020000001180000001@3402000000>\r\n"
    b"Call-ID: a@b\r\n"
    b"CSeq: 1 REGISTER\r\n"
    b"Contact: <sip:34020000001180000001@192.0.2.7:5060>\r\n"
    b"Expires: 3600\r\n"
    b"Content-Length: 21\r\n\r\n"
) + BODY
STATUS = b"SIP/2.0 200 OK\r\nCall-ID: x\r\nCSeq: 4 MESSAGE\r\nContent-Length: 0\r\n\r\n"


def read(raw: bytes) -> Request:
    message = parse(raw, max_body=1000)
    assert isinstance(message, Request)
    return message


def test_a_request_is_read() -> None:
    request = read(REGISTER)
    assert (request.method, request.uri) == (
        "REGISTER",
        "sip:34020000002000000001@3402000000",
    )
    assert request.sender == "34020000001180000001"
    assert request.branch == "z9hG4bK1"
    assert request.cseq == (1, "REGISTER")
    assert request.expires == 3600
    assert request.body == BODY


def test_line_ends_case_compact_names_and_folds_do_not_matter() -> None:
    told = (
        REGISTER.replace(b"\r\n", b"\n")
        .replace(b"Call-ID:", b"i :")
        .replace(b"From:", b"f:\t")
        .replace(b"CSeq: 1", b"CSEQ: 1\n ")
        .replace(b"Content-Length: 21\n", b"")
    )
    request = read(told)
    assert (request.call_id, request.sender) == ("a@b", "34020000001180000001")
    assert request.cseq == (1, "REGISTER")


def test_the_contacts_own_expires_goes_before_the_header() -> None:
    told = REGISTER.replace(b"192.0.2.7:5060>\r\n", b"192.0.2.7:5060>;expires=0\r\n")
    assert read(told).expires == 0
    assert read(REGISTER.replace(b"Expires: 3600", b"Expires: soon")).expires is None


def test_a_datagram_longer_than_it_says_is_cut_and_a_shorter_one_refused() -> None:
    assert read(REGISTER + b"rest").body == BODY
    with pytest.raises(SipError, match="20 bytes where 21"):
        parse(REGISTER[:-1], max_body=1000)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"REGISTER sip:a SIP/3.0\r\n\r\n",
        REGISTER.replace(b"Content-Length: 21", b"Content-Length: -1"),
        REGISTER.replace(b"Content-Length: 21", b"Content-Length: 5\r\nContent-Length: 21"),
        REGISTER.replace(b"Content-Length: 21", b"Content-Length: 1001"),
        REGISTER.replace(b"Call-ID: a@b", b"Call-ID: a\x00b"),
        REGISTER.replace(b"Call-ID: a@b", b"Call-ID " + b"a" * 5000),
        REGISTER.replace(b"Expires: 3600\r\n", b"A: b\r\n" * MAX_HEADERS),
        b"A" * (MAX_HEAD_BYTES + 5) + b"\r\n\r\n",
    ],
)
def test_what_is_no_message_or_too_large_is_refused(raw: bytes) -> None:
    with pytest.raises(SipError):
        parse(raw, max_body=1000)


def cut(stream: bytes, places: set[int]) -> list[bytes]:
    """The stream in pieces."""
    edges = [0, *sorted(place for place in places if place < len(stream)), len(stream)]
    return [stream[begin:end] for begin, end in pairwise(edges)]


@given(st.lists(st.sampled_from([REGISTER, STATUS]), max_size=4), st.sets(st.integers(1, 2000)))
def test_a_stream_gives_the_same_messages_however_it_is_cut(
    messages: list[bytes], places: set[int]
) -> None:
    framer = Framer(1000)
    pieces = cut(b"\r\n\r\n".join(messages), places)
    found = [message for piece in pieces for message in framer.feed(piece)]
    assert found == [parse(one, max_body=1000) for one in messages]
    assert not framer.midway


def test_a_stream_may_come_byte_by_byte() -> None:
    framer = Framer(1000)
    found = [message for byte in REGISTER + STATUS for message in framer.feed(bytes([byte]))]
    assert found == [parse(one, max_body=1000) for one in (REGISTER, STATUS)]


def test_a_stream_without_a_length_or_an_end_is_given_up() -> None:
    with pytest.raises(SipError, match="Content-Length"):
        list(Framer(1000).feed(REGISTER.replace(b"Content-Length: 21\r\n", b"")))
    with pytest.raises(SipError, match="head"):
        list(Framer(1000).feed(b"A" * (MAX_HEAD_BYTES + 1)))
    with pytest.raises(SipError, match="20 are taken"):
        list(Framer(20).feed(REGISTER))


def test_an_answer_echoes_what_it_must_and_tells_the_address_seen() -> None:
    answer = response_to(read(REGISTER), 200, to_tag="t1", heard_from=("198.51.100.3", 40001))
    told = parse(answer, max_body=0)
    assert isinstance(told, Response)
    assert told.all("via") == (
        "SIP/2.0/UDP 192.0.2.7:5060;rport=40001;received=198.51.100.3;branch=z9hG4bK1",
        "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK0",
    )
    assert told.header("to") == "<sip:34020000001180000001@3402000000>;tag=t1"
    assert (told.call_id, told.cseq) == ("a@b", (1, "REGISTER"))


def test_bytes_that_are_no_utf8_come_back_as_they_were() -> None:
    name = "大门".encode("gb18030")
    request = read(REGISTER.replace(b"From: <", b'From: "' + name + b'" <'))
    assert name in response_to(request, 200, to_tag="t", heard_from=("192.0.2.7", 1))


@pytest.mark.parametrize(
    ("value", "user", "tag"),
    [
        ("<sip:123@d>;tag=9", "123", "9"),
        ('"a;tag=x" <SIP:123@d:5060> ; TAG = 9 ;x', "123", "x"),
        ("sip:123@d", "123", ""),
        ("tel:123", "", ""),
        ("", "", ""),
    ],
)
def test_user_and_tag_of_an_address(value: str, user: str, tag: str) -> None:
    assert user_of(value) == user
    if '"' not in value:
        assert tag_of(value) == tag


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """Bytes changed, cut out, doubled or put in, as a seeded chance will have it."""
    told = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(told)) if told else 0
        match chance.randrange(4):
            case 0 if told:
                told[at] = chance.randrange(256)
            case 1:
                del told[at : at + chance.randint(1, 20)]
            case 2:
                told[at:at] = told[at : at + chance.randint(1, 60)]
            case _:
                told[at:at] = chance.choice(
                    [b"\r\n", b"\x00", b": ", b";", b'"', b"<sip:", b"\xff"]
                )
    return bytes(told)


@pytest.mark.parametrize("seed", range(20))
def test_twenty_thousand_broken_messages_are_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(1000):
        told = mutated(chance.choice([REGISTER, STATUS]), chance)
        try:
            message = parse(told, max_body=1000)
        except SipError:
            continue
        assert len(message.body) <= 1000
        if isinstance(message, Request):
            # Whatever is answered can be read again, and names nothing that was not sent.
            answer = response_to(message, 400, to_tag="t", heard_from=("192.0.2.7", 5060))
            assert len(answer) < len(told) + 400


@pytest.mark.parametrize("seed", range(5))
def test_broken_streams_are_read_or_given_up_and_hold_no_more_than_they_may(seed: int) -> None:
    chance = random.Random(1000 + seed)
    for _ in range(200):
        framer = Framer(1000)
        told = mutated(REGISTER + STATUS + REGISTER, chance)
        try:
            while told:
                size = chance.randint(1, 200)
                list(framer.feed(told[:size]))
                told = told[size:]
        except SipError:
            continue
        assert len(framer._held) <= MAX_HEAD_BYTES + 1000
