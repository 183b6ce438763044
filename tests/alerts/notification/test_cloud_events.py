"""Events in the envelope that other programs expect."""

from __future__ import annotations

import json

import msgspec
import pytest
from what_was_told import T0, body, plain

from alerts.notification.cloud_event import cloud_event
from alerts.notification.event import decode_event, trial_body


def test_an_event_becomes_a_cloud_event_with_every_attribute_that_1_0_requires() -> None:
    envelope = json.loads(cloud_event(body(), "https://campus.example"))
    assert envelope["specversion"] == "1.0"
    assert envelope["id"] == decode_event(body()).event
    assert envelope["source"] == "https://campus.example"
    assert envelope["type"] == "campus.alert.occurred"
    assert envelope["time"] == "2026-11-20T07:20:09.000Z"
    assert envelope["subject"] == "no3-middle/alert/41"
    assert envelope["priority"] == "emergency"
    assert envelope["datacontenttype"] == "application/json"
    # CloudEvents 1.0, 3.1: names of attributes are lower-case letters and digits alone.
    assert all(name.isalnum() and name.islower() for name in envelope)


def test_the_data_is_the_event_as_the_plain_webhook_has_it() -> None:
    assert json.loads(cloud_event(body(), "urn:x"))["data"] == json.loads(body())


def test_the_same_event_is_the_same_bytes_at_each_attempt() -> None:
    assert cloud_event(body(), "urn:x") == cloud_event(body(), "urn:x")


def test_a_test_is_an_event_about_no_alert() -> None:
    envelope = json.loads(cloud_event(trial_body("test/1", T0, "ada", "hello"), "urn:x"))
    assert envelope["type"] == "campus.alert.test"
    assert "subject" not in envelope
    assert envelope["data"]["text"] == "hello"


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        cloud_event(b'{"number":1}', "urn:x")


def test_an_event_of_the_gateway_itself_has_a_subject_too() -> None:
    ours = plain(school="", kind="raised")
    assert json.loads(cloud_event(ours, "urn:x"))["subject"] == "_gateway/alert/41"
