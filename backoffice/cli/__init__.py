"""The command line: `backoffice …`; exit 0 good, 1 found something, 2 wrong use, `--json` everywhere."""

from __future__ import annotations

import signal

from backoffice.cli.show import refusing


def main() -> None:
    """Run a command; wrong use or input ends with one message and exit code 2."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # end as on Ctrl-C, so that no file is left half written
        signal.signal(ending, signal.default_int_handler)
    with refusing():
        from backoffice.cli.commands import commands  # noqa: PLC0415  # a rule is refused when it is imported

        commands(prog_name="backoffice")
