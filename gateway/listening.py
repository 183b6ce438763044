"""The socket of the page, and how people reach it."""

from __future__ import annotations

import socket

from gateway.settings import Settings


def listen(settings: Settings) -> socket.socket:
    """Bind the page's socket. Raises ``OSError`` that says what to do."""
    address = settings.web.listen
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host, address.port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise OSError(
            error.errno,
            f"cannot listen on {address.host}:{address.port} for the page ({error.strerror}): "
            "set web.listen to another port, or stop the program that holds this one",
        ) from error
    return listening


def url_of(settings: Settings, listening: socket.socket) -> str:
    """Where a browser finds the page."""
    if settings.web.public_url is not None:
        return settings.web.public_url
    host, port = listening.getsockname()[:2]
    scheme = "http" if settings.web.tls is None else "https"
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
    return f"{scheme}://{shown}:{port}"
