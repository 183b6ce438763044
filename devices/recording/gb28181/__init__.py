"""GB/T 28181: the gateway as the upper platform that recorders and cameras register at."""

from devices.recording.gb28181.asking import Limits
from devices.recording.gb28181.catalog import Channel
from devices.recording.gb28181.device_status import DeviceStatus
from devices.recording.gb28181.errors import Gb28181Error, IdentityError, PlatformError
from devices.recording.gb28181.flow import Transport
from devices.recording.gb28181.platform import GONE, Event, Platform, Refusal, Registered
from devices.recording.gb28181.recorder import Gb28181Recorder
from devices.recording.gb28181.registrations import Change
from devices.recording.gb28181.signalling import Config, Refused

__all__ = [
    "GONE",
    "Change",
    "Channel",
    "Config",
    "DeviceStatus",
    "Event",
    "Gb28181Error",
    "Gb28181Recorder",
    "IdentityError",
    "Limits",
    "Platform",
    "PlatformError",
    "Refusal",
    "Refused",
    "Registered",
    "Transport",
]
