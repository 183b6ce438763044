"""What can be wrong in a talk of GB/T 28181; each says what happened and to what."""

from __future__ import annotations


class Gb28181Error(Exception):
    """Any of them."""


class IdentityError(Gb28181Error):
    """A text that should be an identity of 20 digits is none."""


class SipError(Gb28181Error):
    """Bytes that are no SIP message, or one larger than is taken."""


class ContentError(Gb28181Error):
    """A readable MANSCDP body that lacks or contradicts what it must say."""


class PlatformError(Gb28181Error):
    """The platform cannot start, or was asked for something before it did."""
