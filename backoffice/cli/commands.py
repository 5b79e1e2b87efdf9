"""The commands, gathered."""

from __future__ import annotations

import click

from backoffice.cli.demo import demo
from backoffice.cli.judging import decide, judge
from backoffice.cli.policy import policy


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backoffice")
def commands() -> None:
    """The compliance back office of a messaging operator."""


for _command in (demo, judge, decide, policy):
    commands.add_command(_command)
