"""Settings of what leaves as files, and of campaigns."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gateway.paths import default_config_dir
from gateway.settings_fields import ExistingFile, ExistingFolder, Section


class ExportSettings(Section):
    """What leaves as XLSX, CSV and PDF."""

    font: ExistingFile | None = None
    """The Chinese font that PDF files embed: a file with TrueType outlines (.ttf, .ttc). Default:
    the first that is installed; on Debian the package `fonts-wqy-microhei` brings one.
    """


def _shipped_campaigns() -> Path:
    return default_config_dir() / "campaigns"


class CampaignSettings(Section):
    """Campaigns. Their days are those of `recordings.zone`."""

    templates: ExistingFolder = Field(default_factory=_shipped_campaigns)
    """Folder with campaigns to begin from, one file each. Default: those that come with the
    gateway.
    """
