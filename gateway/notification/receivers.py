"""The receivers that the settings ask for."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final

import structlog

from gateway.broker.connection import Way
from gateway.clock import Clock
from gateway.notification.acknowledging import Offer
from gateway.notification.apprise_sender import AppriseSender
from gateway.notification.delivery import Receiver
from gateway.notification.link_key import LinkKeyError
from gateway.notification.message import Wording
from gateway.notification.messenger import Messenger, Sender
from gateway.notification.mqtt_alerts import MqttAlerts
from gateway.notification.robot_sender import RobotSender, robot_of
from gateway.notification.webhook import WebhookReceiver
from gateway.pipeline.telling import MQTT
from gateway.settings import Settings
from gateway.settings_notification import MessageReceiver
from gateway.words import Words

_log: Final = structlog.get_logger(__name__)

SOURCE: Final = "urn:campus-gateway"
"""Of CloudEvents, when the page's address, which is better, is not configured."""


def receivers_of(
    settings: Settings, way: Way, clock: Clock, words: Words, key: Callable[[], bytes]
) -> dict[str, Receiver]:
    """The receivers by name. ``key`` gives the one that signs links, if any are to be made: it
    raises `LinkKeyError`, and messages then go without links.
    """
    notification, page = settings.notification, settings.web.public_url
    receivers: dict[str, Receiver] = {
        MQTT: MqttAlerts(
            hostname=way.host,
            port=way.port,
            identifier=f"{settings.broker.client_id}-alerts",
            username=way.username,
            password=way.password,
            tls=way.tls,
        )
    }
    for webhook in notification.webhooks:
        receivers[webhook.name] = WebhookReceiver(
            url=webhook.url,
            secret=webhook.secret.get_secret_value().encode(),
            clock=clock,
            time_limit=webhook.timeout_s,
            verify=True
            if webhook.ca_file is None
            else ssl.create_default_context(cafile=str(webhook.ca_file)),
            source=(page or SOURCE) if webhook.format == "cloudevents" else None,
        )
    for one in notification.messages:
        receivers[one.name] = Messenger(
            sender=_sender(one, clock),
            wording=Wording(words, one.language),
            page=page,
            offer=_offer(one, page, key),
            digest_over=one.digest_over,
            time_limit=one.timeout_s,
        )
    return receivers


def _sender(one: MessageReceiver, clock: Clock) -> Sender:
    url = one.url.get_secret_value()
    robot = robot_of(url)
    if robot is None:
        return AppriseSender(url, time_limit=one.timeout_s)
    return RobotSender(robot, now=clock.now, time_limit=one.timeout_s)


def _offer(one: MessageReceiver, page: str | None, key: Callable[[], bytes]) -> Offer | None:
    if one.user is None or page is None:
        return None
    try:
        valid = one.link_hours * 3_600_000
        return Offer(key(), page, one.user, valid=valid, language=one.language)
    except LinkKeyError as error:
        # An alert without a link is told; one that is not told at all would be the greater loss.
        _log.error("notification.no_links", receiver=one.name, error=str(error))
        return None
