"""Pictures of cameras as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from gateway.api.models.shapes import Names


class CameraPictureOut(BaseModel):
    """One picture that a probe took."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    at: int
    """When it was taken, ms UTC."""

    hash: str
    """SHA-256 of the JPEG; its name in the store."""

    faulty: bool
    """Whether the camera had a fault then."""

    kept_until: int
    """When it is removed, ms UTC."""


class AlertCameraOut(BaseModel):
    """The camera nearest to what an alert is about."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    school: str
    id: str
    name: Names
    place: Names | None
    """With those around it; null when nobody has said where it is."""

    picture: CameraPictureOut | None
    """Its newest picture; null when none is kept."""
