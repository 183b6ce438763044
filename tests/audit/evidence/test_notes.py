"""Signed notes and heads: as the Go checksum database and C2SP write them."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evidence.heads import Head, read_head, signed
from audit.evidence.notes import Note, NoteError, Signer, read_note, read_verifier

# The example in the documentation of golang.org/x/mod/sumdb/note.
SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNED = (
    TEXT + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
    "ngotpRZb6KE6RyyBwJnAM=\n"
)

LOG = Signer("gateway.no3.example/facts", bytes(range(32)))
HEAD = Head("gateway.no3.example/facts", 20852163, bytes(32), 1_795_161_600_123)


def test_the_published_note_is_made_and_read() -> None:
    signer = Signer("PeterNeumann", b64decode(SECRET)[1:])
    assert str(signer.verifier) == KEY
    assert str(signer.sign(TEXT)) == SIGNED
    assert read_verifier(KEY).signed(read_note(SIGNED))


def test_a_text_that_was_changed_is_signed_by_nobody() -> None:
    assert not read_verifier(KEY).signed(read_note(SIGNED.replace("your", "our")))
    assert not LOG.verifier.signed(read_note(SIGNED))


def test_a_head_is_read_back_as_it_was_signed() -> None:
    made = signed(HEAD, LOG)
    assert str(made.note).startswith("gateway.no3.example/facts\n20852163\nAAAAA")
    assert "\ntime 1795161600123\n\n— gateway.no3.example/facts " in str(made.note)
    assert read_head(str(made.note)) == made
    assert LOG.verifier.signed(made.note)


def test_heads_of_others_need_no_time() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    found = read_head(str(Signer("example.com/behind-the-sofa", bytes(32)).sign(text))).head
    assert (found.size, found.at) == (20852163, None)
    assert str(found) == text


def test_a_witness_countersigns_and_says_when() -> None:
    made, witness = signed(HEAD, LOG), Signer("witness.example", b"w" * 32)
    line = witness.cosign(made.note, 1_795_161_600)
    both = read_note(f"{made.note}{line}\n")
    assert witness.verifier.cosigned(both) == 1_795_161_600
    assert LOG.verifier.signed(both)
    assert witness.verifier.cosigned(made.note) is None
    assert not witness.verifier.signed(both)  # a cosignature is no signature of the log
    other = Note(both.text.replace("20852163", "20852164"), both.lines)
    assert witness.verifier.cosigned(other) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no text"),
        ("a\nb\n", "no text"),
        ("a\n\n— x AAAAAAA=", "no text"),
        ("a\n\n- x AAAAAAA=\n", "no signature"),
        ("a\n\n— x\n", "no signature"),
        ("a\n\n— x+y AAAAAAA=\n", "no signature"),
        ("a\n\n— x ****\n", "not base64"),
        ("a\n\n— x AAAA\n", "too short"),
        ("a\x00\n\n— x AAAAAAA=\n", "signs"),
        ("a\n\n" + "— x AAAAAAA=\n" * 101, "too many"),
        ("a" * 70_000, "longer"),
    ],
)
def test_what_is_no_note_is_refused(content: str, why: str) -> None:
    with pytest.raises(NoteError, match=why):
        read_note(content)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("only one line\n", "name and size"),
        ("log\n-1\nAAAA\n", "name and size"),
        ("log\n01\nAAAA\n", "name and size"),
        ("log\n" + "9" * 40 + "\nAAAA\n", "name and size"),
        ("log\n1\n****\n", "base64"),
        ("log\n1\nAAAA\n", "SHA-256"),
    ],
)
def test_what_is_no_head_is_refused(text: str, why: str) -> None:
    with pytest.raises(NoteError, match=why):
        read_head(str(LOG.sign(text)))


@pytest.mark.parametrize(
    "key",
    ["", "name", "name+00", "name+xx+AAAA", KEY.replace("Peter", "Paul"), KEY[:-4], KEY + "++"],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(NoteError):
        read_verifier(key)


@given(st.text(max_size=200))
def test_nothing_but_a_refusal_comes_of_anything(content: str) -> None:
    for read in (read_note, read_head, read_verifier):
        try:
            read(content)
        except NoteError:
            continue
