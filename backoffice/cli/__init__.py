"""The command line: `backoffice …`; exit 0 good, 1 found something, 2 wrong use, `--json` everywhere."""

from __future__ import annotations

import click

from backoffice.cli.demo import demo
from backoffice.cli.judging import decide, judge
from backoffice.cli.policy import policy
from backoffice.cli.show import refusing


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backoffice")
def commands() -> None:
    """The compliance back office of a messaging operator."""


for _command in (demo, judge, decide, policy):
    commands.add_command(_command)


def main() -> None:
    """Run a command; wrong use or input ends with one message and exit code 2."""
    with refusing():
        commands(prog_name="backoffice")


if __name__ == "__main__":
    main()
