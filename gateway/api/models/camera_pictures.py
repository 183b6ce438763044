"""Pictures of cameras as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


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
