"""``campus check-config``: every mistake in the settings and the files they name, at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import typer

from gateway.campaigns.form import load_templates, unproven
from gateway.cli.options import ConfigOption, settings_of, tell, told
from gateway.kinds import load_kinds, rule_models
from gateway.notification.apprise_sender import is_understood
from gateway.police.making import make_links
from gateway.policies.checking import check_policies
from gateway.policies.loading import load_policies
from gateway.problem import Problem, near_miss
from gateway.register.apply import register_at
from gateway.register.entries import Table
from gateway.register.files import read_files
from gateway.register.plan import Plan, plan_import
from gateway.register.register import Key
from gateway.responses import load_responses
from gateway.settings import Settings


def check_config(config: ConfigOption = None) -> None:
    """Check the settings and all files they name; nothing is started or changed."""
    with told():
        settings = settings_of(config)
        kinds = load_kinds(settings.kinds)
        policies, examples = check_policies(settings.policies, kinds)
        load_responses(settings.response.plans)
        templates = load_templates(settings.campaigns.templates)
        _check_police_links(settings)
        _check_messages(settings)
        register = register_at(settings.database)
        plan = plan_import(read_files(settings.sites), register, kinds, rule_models())
        if plan.problems:
            tell(plan.problems)
            raise typer.Exit(1)
        strangers = _strangers(settings, {*register.schools, *_new_schools(plan)})
        for note in (*strangers, *_unproven(settings)):
            typer.echo(f"note: {note}", err=True)
        typer.echo(
            f"The configuration is right: {len(kinds)} kinds of devices, "
            f"{len(settings.sites)} files of sites, which would change {len(plan.changes)} entries "
            f"of the register, {policies} policies, of which {examples} examples hold, "
            f"{len(templates)} campaigns to begin from."
        )


def _check_police_links(settings: Settings) -> None:
    """What the links' settings name - templates, authorities - is read as at a start."""
    made = make_links(settings.police_links, lambda: 0)
    asyncio.run(made.aclose())
    for name, reason in made.broken.items():
        for line in reason.splitlines():
            typer.echo(f"police_links: {name}: {line}", err=True)
    if made.broken:
        raise typer.Exit(1)


def _check_messages(settings: Settings) -> None:
    """The library must make something of each address; whether it is right a test shows."""
    wrong = [
        one.name
        for one in settings.notification.messages
        if not is_understood(one.url.get_secret_value())
    ]
    for name in wrong:
        typer.echo(f"notification.messages: {name}: url is no address that Apprise knows", err=True)
    if wrong:
        raise typer.Exit(1)


def _unproven(settings: Settings) -> Iterator[Problem]:
    """Checks of campaigns that no policy proves: a folder of one's own need not have all."""
    policies = load_policies(settings.policies)
    items = {policy.id: [item.id for item in policy.items] for policy in policies}
    return unproven(settings.campaigns.templates, items)


def _new_schools(plan: Plan) -> Iterator[Key]:
    return (change.key for change in plan.added if change.table is Table.SCHOOLS)


def _strangers(settings: Settings, schools: set[Key]) -> Iterator[str]:
    """Schools that the settings speak of and nobody has registered: allowed, but often a slip."""
    known = [school for (school,) in sorted(schools)]
    named = [(f"dialects: {one.dialect}", one.school) for one in settings.dialects]
    for link in settings.police_links:
        named += [(f"police_links: {link.name}", school) for school in link.schools]
    for webhook in settings.notification.webhooks:
        named += [(f"notification.webhooks: {webhook.name}", one) for one in webhook.schools]
    for receiver in settings.notification.messages:
        named += [(f"notification.messages: {receiver.name}", one) for one in receiver.schools]
    for plan in settings.escalation.plans:
        named += [(f"escalation.plans: {plan.name}", one) for one in plan.schools]
    for calendar in settings.escalation.calendars:
        named += [(f"escalation.calendars: {calendar.name}", one) for one in calendar.schools]
    for where, school in named:
        if school not in {"*", *known}:
            yield f"{where}: school '{school}' is not registered{near_miss(school, known)}"
