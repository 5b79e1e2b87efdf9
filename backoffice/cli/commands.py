"""The commands, gathered; what a command needs is loaded when it is called, and not to list it."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click


class Listed(NamedTuple):
    """Where a command is, and what is said of it in the list of commands."""

    module: str
    name: str
    says: str


LISTED: dict[str, Listed] = {
    "campaign": Listed("campaigning", "campaign", "Create, preview, start and watch campaigns of a running service."),
    "decide": Listed("judging", "decide", "Judge one send given as JSON, a case without what it expects."),
    "demo": Listed("demo", "demo", "Play the demo: five operators, one list, sent over the sandbox."),
    "doctor": Listed("machine", "doctor", "Tell what is missing on this machine and how to mend it."),
    "import": Listed("importing", "import_group", "Import lists."),
    "judge": Listed("judging", "judge", "Judge every row of a contact list by an operator's Terms and the law of all."),
    "keys": Listed("keys", "keys", "Look after the keys of an install."),
    "ledger": Listed("ledger", "ledger", "Verify the ledger, prove a decision, take a checkpoint."),
    "lists": Listed("registers", "lists", "Show the public registers that are held, their age, and who asks for them."),
    "migrate": Listed("machine", "migrate", "Bring the database up to date."),
    "policy": Listed("policy", "policy", "Check, test, explain and compare the policies."),
    "send": Listed("sending", "send", "Send one message by a running service, if its gate lets it."),
    "serve": Listed("running", "serve", "Serve the API until told to stop."),
    "worker": Listed("running", "worker", "Work until told to stop: deliver, release, seal, do jobs."),
}
"""The commands by name; what is said here is the first sentence of each."""


class Lazy(click.Group):
    """A group that loads a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's
        """Return the commands' names."""
        return sorted(LISTED)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's
        """Load a command, None where there is none of this name."""
        if cmd_name not in LISTED:
            return None
        listed = LISTED[cmd_name]
        command: click.Command = getattr(import_module(f"backoffice.cli.{listed.module}"), listed.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's
        """List the commands without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, LISTED[name].says) for name in sorted(LISTED)])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backoffice")
def commands() -> None:
    """The compliance back office of a messaging operator."""
