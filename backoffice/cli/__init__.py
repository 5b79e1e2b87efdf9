"""The command line: `backoffice …`; exit 0 good, 1 found something, 2 wrong use, `--json` everywhere."""

from __future__ import annotations

import signal

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
    for ending in (signal.SIGTERM, signal.SIGHUP):  # end as on Ctrl-C, so that no file is left half written
        signal.signal(ending, signal.default_int_handler)
    with refusing():
        commands(prog_name="backoffice")


if __name__ == "__main__":
    main()
