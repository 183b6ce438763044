"""Calls of ONVIF's services: written by onvif-zeep-async after its WSDL, read without mercy.

The library's own reading mends broken XML, so that half an answer would pass for a whole one, and
it takes a minute for a hundred thousand events. Its transport knows neither HTTP digest nor a
limit of size. So it writes and signs the requests, and `RecorderHttp` carries them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import httpx

from devices.recording.recorder_http import RecorderHttp
from devices.recording.source import IncompleteError, RefusedError, UnreadableError

DEVICE_PATH: Final = "/onvif/device_service"
"""Where ONVIF's Core Specification puts the one address that has to be known."""

_SOAP_12: Final = "{http://www.w3.org/2003/05/soap-envelope}"
_SOAP_11: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"
_NOT_AUTHORIZED: Final = frozenset({"NotAuthorized", "FailedAuthentication"})
_NO: Final = frozenset(
    {"ActionNotSupported", "OptionalActionNotImplemented", "OperationProhibited", "NoRecording"}
)

Element = Any
"""An element of lxml, which has no types of its own."""


class Service(StrEnum):
    """The services that are called, as the library names them."""

    DEVICE = "devicemgmt"
    SEARCH = "search"
    REPLAY = "replay"


class FaultError(UnreadableError):
    """A fault in the recorder's own words, and its ``codes`` (``NotAuthorized``, ...)."""

    def __init__(self, told: str, codes: frozenset[str]) -> None:
        super().__init__(told)
        self.codes = codes


class OnvifSoap:
    """Calls to one recorder, one after the other."""

    def __init__(self, http: RecorderHttp) -> None:
        url = httpx.URL(http.access.url)
        self._http: Final = http
        self._url: Final = url if url.path != "/" else url.copy_with(path=DEVICE_PATH)
        self._services: Final[dict[Service, Any]] = {}
        self.ahead = timedelta()
        """What its clock is ahead of ours: signatures count only within seconds of its time."""

    async def call(
        self, service: Service, operation: str, *, signed: bool = True, **parameters: Any
    ) -> Element:
        """The answer's element. Raises `RecordingError`; a `FaultError` for other faults than no.

        ``parameters`` as in the WSDL. Without ``signed``, a refusal is a `FaultError` as well.
        """
        proxy = await self._service(service)
        proxy.zeep_client.wsse.dt_diff = self.ahead
        try:
            answer = await getattr(proxy, operation if signed else f"authless_{operation}")(
                parameters
            )
        except FaultError as error:
            if signed and error.codes & _NOT_AUTHORIZED:
                raise self._http.refused(str(error)) from error
            if error.codes & _NO:
                raise RefusedError(str(error)) from error
            raise
        if local_name(answer) != f"{operation}Response":
            raise UnreadableError(f"a {local_name(answer)} for an answer to {operation}")
        return answer

    async def aclose(self) -> None:
        """Close what the library holds open; the connections are `RecorderHttp`'s."""
        while self._services:
            _, service = self._services.popitem()
            await service.close()

    async def _service(self, service: Service) -> Any:
        made = self._services.get(service)
        if made is None:
            url = self._url if service is Service.DEVICE else await self._address(service)
            made = await _proxy(self._http, service, str(url))
            self._services[service] = made
        return made

    async def _address(self, service: Service) -> httpx.URL:
        """Where it says that the service is; the host stays the one that we know to reach.

        Behind a translated address recorders tell their inner one.
        """
        from onvif.definition import SERVICES  # noqa: PLC0415 - see `_proxy`

        wanted = SERVICES[service.value]["ns"]
        answer = await self.call(Service.DEVICE, "GetServices", IncludeCapability=False)
        for told in answer:
            if said(told, "Namespace") != wanted:
                continue
            try:
                url = httpx.URL(said(told, "XAddr"))
            except httpx.InvalidURL as error:
                raise UnreadableError(f"no address of a service: {error}") from error
            if url.host == self._url.host and url.scheme == self._url.scheme:
                return url.copy_with(userinfo=b"")
            return self._url.copy_with(raw_path=url.raw_path)
        raise RefusedError(f"the recorder has no {service.value} service (ONVIF Profile G)")


class _Carrier:
    """What zeep takes for its transport: carries a request there and its answer back, read."""

    def __init__(self, http: RecorderHttp) -> None:
        self._http: Final = http

    async def post_xml(self, address: str, envelope: Element, headers: dict[str, str]) -> Element:
        """The element in the answer's body. Raises `RecordingError`, `FaultError` for a fault."""
        from lxml import etree  # noqa: PLC0415 - see `_proxy`

        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return read_envelope(await self._http.post_soap(address, body, headers["Content-Type"]))

    async def aclose(self) -> None:
        """Nothing is held."""


async def _proxy(http: RecorderHttp, service: Service, url: str) -> Any:
    # Loading it takes a second and 40 MB: only where there is such a recorder, and aside.
    return await (await asyncio.to_thread(_prepared))(http, service, url)


def _prepared() -> Any:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    import onvif  # noqa: PLC0415

    # It sets up logging for the whole process, which is for who runs the process to do.
    root.handlers[:] = handlers
    root.setLevel(level)
    from onvif.client import ONVIFService  # noqa: PLC0415
    from onvif.definition import SERVICES  # noqa: PLC0415
    from zeep import Settings  # noqa: PLC0415

    # Not ONVIFCamera: it takes the proxy settings out of the environment of the whole process.
    folder = Path(onvif.__file__).parent / "wsdl"

    async def make(http: RecorderHttp, service: Service, url: str) -> Any:
        about = SERVICES[service.value]
        proxy = ONVIFService(
            url,
            http.access.user,
            http.access.password,
            str(folder / about["wsdl"]),
            no_cache=True,
            dt_diff=timedelta(),
            binding_name=f"{{{about['ns']}}}{about['binding']}",
        )
        try:
            proxy.transport = _Carrier(http)
            await proxy.setup()
        except BaseException:
            await proxy.close()
            raise
        for client in (proxy.zeep_client, proxy.zeep_client_authless):
            client.settings = Settings(raw_response=True)
        return proxy

    return make


def read_envelope(body: bytes) -> Element:
    """The element in the body of a SOAP envelope.

    Raises `UnreadableError` for what is none, `FaultError` for a fault, `IncompleteError` for
    one that breaks off.
    """
    from lxml import etree  # noqa: PLC0415 - see `_proxy`

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        # Buffers of C programs end in zero bytes, and XML knows no such character.
        root = etree.fromstring(body.strip(b"\0\r\n\t "), parser)
    except etree.XMLSyntaxError as error:
        if b"Envelope" in body[:2000] and b"Envelope>" not in body[-2000:]:
            raise IncompleteError(f"an answer that breaks off: {error}") from error
        raise UnreadableError(f"no XML that can be read: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise UnreadableError("a document type declaration, which SOAP has not")
    for soap in (_SOAP_12, _SOAP_11):
        content = root.find(f"{soap}Body") if root.tag == f"{soap}Envelope" else None
        if content is not None and len(content):
            if local_name(content[0]) == "Fault":
                raise _fault(content[0])
            return content[0]
    raise UnreadableError(f"a {local_name(root)} without a body for an answer of SOAP")


def _fault(fault: Element) -> FaultError:
    words = [
        (each.text or "").strip()
        for each in fault.iter()
        if local_name(each) in {"Text", "faultstring", "Value", "faultcode"}
    ]
    codes = frozenset(word.rpartition(":")[2] for word in words if " " not in word)
    told = "; ".join(word for word in words if word)
    return FaultError(f"fault: {' '.join(told.split())[:200]}", codes)


def local_name(element: Element) -> str:
    """Its name without the namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element | None, name: str) -> Element | None:
    """The first child of that name, whatever its namespace: recorders differ in it."""
    return None if element is None else next(element.iterchildren(f"{{*}}{name}"), None)


def every(element: Element | None, name: str) -> Iterator[Element]:
    """All children of that name."""
    return iter(()) if element is None else element.iterchildren(f"{{*}}{name}")


def said(element: Element | None, name: str) -> str:
    """The text of the first child of that name; empty without one."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""
