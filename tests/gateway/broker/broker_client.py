"""An MQTT 5 client in a few words."""

from __future__ import annotations

import queue
import ssl
from collections.abc import Callable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

WAIT_S = 30.0


class Client:
    """An MQTT 5 client in a few words."""

    def __init__(
        self,
        port: int,
        user: str,
        password: str,
        *,
        client_id: str = "",
        tls: ssl.SSLContext | None = None,
        session: bool = False,
    ) -> None:
        self._connected: queue.Queue[int] = queue.Queue()
        self._published: queue.Queue[tuple[int, int]] = queue.Queue()
        self._subscribed: queue.Queue[int] = queue.Queue()
        self.received: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        if user:
            self.client.username_pw_set(user, password)
        if tls is not None:
            self.client.tls_set_context(tls)
        self.client.on_connect = lambda *given: self._connected.put(given[3].value)
        self.client.on_publish = lambda *given: self._published.put((given[2], given[3].value))
        self.client.on_subscribe = lambda *given: self._subscribed.put(given[3][0].value)
        self.client.on_message = lambda *given: self.received.put(given[2])
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600 if session else 0
        self.client.connect(
            "127.0.0.1", port, keepalive=30, clean_start=not session, properties=properties
        )
        self.client.loop_start()
        self.code = self._connected.get(timeout=WAIT_S)

    def publish(
        self, topic: str, payload: str = "{}", *, qos: int = 1, retain: bool = False
    ) -> int:
        """The broker's reason code: 0 = taken, 16 = taken and nobody listens, 135 = refused."""
        sent = self.client.publish(topic, payload, qos=qos, retain=retain)
        mid, code = self._published.get(timeout=WAIT_S)
        assert mid == sent.mid
        return code

    def subscribe(self, topic: str) -> None:
        self.client.subscribe(topic, qos=1)
        self._subscribed.get(timeout=WAIT_S)

    def next(self) -> tuple[str, str]:
        message = self.received.get(timeout=WAIT_S)
        return message.topic, message.payload.decode()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        self.client._reset_sockets()  # paho leaves its pair of sockets open until collected


Connect = Callable[..., Client]
