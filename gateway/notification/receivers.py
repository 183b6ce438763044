"""The receivers that the settings ask for."""

from __future__ import annotations

import ssl

from gateway.broker.connection import Way
from gateway.clock import Clock
from gateway.notification.delivery import Receiver
from gateway.notification.mqtt_alerts import MqttAlerts
from gateway.notification.webhook import WebhookReceiver
from gateway.pipeline.telling import MQTT
from gateway.settings import NotificationSettings


def receivers_of(
    notification: NotificationSettings, way: Way, client_id: str, clock: Clock
) -> dict[str, Receiver]:
    """The receivers by name. ``client_id`` is that of the gateway's sessions."""
    receivers: dict[str, Receiver] = {
        MQTT: MqttAlerts(
            hostname=way.host,
            port=way.port,
            identifier=f"{client_id}-alerts",
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
        )
    return receivers
