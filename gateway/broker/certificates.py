"""A small certificate authority for tests and for sites that have none.

Makes ``ca.crt``/``ca.key``, one server certificate, and a client certificate for each principal
(its common name is the principal). Keep ``ca.key`` off the broker's machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.broker.credentials import write_private

CA_DAYS: Final = 3650
DAYS: Final = 825
"""What devices' TLS libraries commonly take for a leaf; renew before."""

LONGEST_NAME: Final = 64
"""Characters of a common name (RFC 5280, ub-common-name)."""


class CertificateError(ValueError):
    """A certificate that cannot be made; says for whom and why."""


class Pair(msgspec.Struct, frozen=True):
    """A certificate and its private key, PEM."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates. Kept in ``folder``: made when it is not there, else loaded."""

    def __init__(self, folder: Path, *, now: datetime | None = None) -> None:
        """Raises ``OSError``, and ``ValueError`` for files that are no key or certificate."""
        self.folder = folder
        self._now = now or datetime.now(UTC)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.pair = Pair(folder / "ca.crt", folder / "ca.key")
        if self.pair.key.exists() and self.pair.certificate.exists():
            key = serialization.load_pem_private_key(self.pair.key.read_bytes(), None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise CertificateError(f"{self.pair.key} holds no key on an elliptic curve")
            self._key = key
            self._certificate = x509.load_pem_x509_certificate(self.pair.certificate.read_bytes())
        else:
            self._key = ec.generate_private_key(ec.SECP256R1())
            self._certificate = self._self_signed()
            _write(self.pair, self._certificate, self._key)

    def server(self, hosts: Sequence[str]) -> Pair:
        """A certificate for a broker reached by these names and addresses."""
        alternatives: list[x509.GeneralName] = []
        for host in hosts:
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                alternatives.append(x509.DNSName(host))
        extension = x509.SubjectAlternativeName(alternatives)
        return self._issue("server", hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, extension)

    def client(self, principal: str) -> Pair:
        """A certificate with which a principal signs in."""
        return self._issue(
            f"client-{principal.replace('/', '_')}", principal, ExtendedKeyUsageOID.CLIENT_AUTH
        )

    def _issue(
        self,
        name: str,
        common_name: str,
        usage: x509.ObjectIdentifier,
        extension: x509.ExtensionType | None = None,
    ) -> Pair:
        if len(common_name) > LONGEST_NAME:
            raise CertificateError(
                f"{common_name!r} is longer than the {LONGEST_NAME} characters a certificate's "
                "name may have: let this principal sign in by password, or choose a shorter id"
            )
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(common_name, DAYS)
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if extension is not None:
            builder = builder.add_extension(extension, critical=False)
        pair = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        _write(pair, builder.sign(self._key, hashes.SHA256()), key)
        return pair

    def _self_signed(self) -> x509.Certificate:
        public = self._key.public_key()
        builder = self._builder("campus-gateway CA", CA_DAYS)
        return (
            builder.issuer_name(_name("campus-gateway CA"))
            .public_key(public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=False,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, common_name: str, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common_name))
            .serial_number(x509.random_serial_number())
            # A device whose clock is a little behind must not find it not valid yet.
            .not_valid_before(self._now - timedelta(days=1))
            .not_valid_after(self._now + timedelta(days=days))
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    write_private(
        pair.key,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )
    write_private(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM).decode())
    pair.certificate.chmod(0o644)  # public, unlike its key
