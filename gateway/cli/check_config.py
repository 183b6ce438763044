"""``campus check-config``: every mistake in the settings, the kinds and the sites, at once."""

from __future__ import annotations

import typer

from gateway.cli.options import ConfigOption, settings_of, tell, told
from gateway.kinds import load_kinds, rule_models
from gateway.register.apply import register_at
from gateway.register.files import read_files
from gateway.register.plan import plan_import


def check_config(config: ConfigOption = None) -> None:
    """Check the settings and all files they name; nothing is started or changed."""
    with told():
        settings = settings_of(config)
        kinds = load_kinds(settings.kinds)
        register = register_at(settings.database)
        plan = plan_import(read_files(settings.sites), register, kinds, rule_models())
        if plan.problems:
            tell(plan.problems)
            raise typer.Exit(1)
        typer.echo(
            f"The configuration is right: {len(kinds)} kinds of devices, "
            f"{len(settings.sites)} files of sites, which would change {len(plan.changes)} entries "
            "of the register."
        )
