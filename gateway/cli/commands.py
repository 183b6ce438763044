"""All commands of ``campus``: each is one module, and a line here."""

from __future__ import annotations

import typer

from gateway.cli import (
    audit,
    broker,
    broker_credentials,
    check_config,
    doctor,
    export_register,
    generate,
    import_register,
    labels,
    link,
    probe,
    recordings,
    replay,
    roster,
    run,
    seal,
    simulate,
    users,
    verify,
)

app = typer.Typer(
    name="campus",
    help="Takes in what a school's safety devices say, judges it, and tells the people who act.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("run")(run.run)
app.command("import")(import_register.import_register)
app.command("export")(export_register.export_register)
app.command("labels")(labels.labels)
app.command("check-config")(check_config.check_config)
app.command("broker-config")(broker.broker_config)
app.command("broker-credentials")(broker_credentials.broker_credentials)
app.command("doctor")(doctor.doctor)
app.command("seal")(seal.seal_secret)
app.command("verify")(verify.verify)
app.command("replay")(replay.replay)
app.command("config-reference")(generate.config_reference)
app.command("message-schema")(generate.message_schema)
app.add_typer(simulate.app, name="simulate")
app.add_typer(users.user_app, name="user")
app.add_typer(users.token_app, name="token")
app.add_typer(link.link_app, name="link")
app.add_typer(probe.probe_app, name="probe")
app.add_typer(recordings.recordings_app, name="recordings")
app.add_typer(audit.audit_app, name="audit")
app.add_typer(roster.roster_app, name="roster")
