"""Postfix for the bench: Debian's, from a configuration and with queues of its own, in a folder that is lent.

Nothing of the machine's own Postfix is read but its programs and the list of its files, and nothing is changed. It
takes mail from this machine at two doors: at one it relays what it took to `smtp-sink` at once, at the other it puts
it on hold, so that it does nothing but accept. It syncs each message to the disk before it says that it has it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROGRAMS = ("postfix", "smtp-source", "smtp-sink")
DAEMONS = Path("/usr/lib/postfix/sbin")
RELAYS, HOLDS, SINK = 18_526, 18_527, 18_525
BYTES = 2_000  # of a message
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_WAIT = 30.0  # seconds until it listens
_MAIN = f"""
compatibility_level = 3.6
queue_directory = {{folder}}/queue
data_directory = {{folder}}/data
command_directory = /usr/sbin
daemon_directory = {DAEMONS}
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.invalid
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{SINK}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
maillog_file = {{folder}}/maillog
maillog_file_prefixes = {{folder}}
"""
_MASTER = f"""
127.0.0.1:{RELAYS} inet n - n - - smtpd
127.0.0.1:{HOLDS} inet n - n - - smtpd -o smtpd_client_restrictions=static:hold
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(NamedTuple):
    """A running Postfix."""

    version: str

    def accept(self, port: int, sessions: int, messages: int) -> float:
        """Hand it so many messages in so many sessions at once, at one of its doors; return messages a second.

        A session is kept open from one message to the next.
        """
        told = ("-d", "-s", str(sessions), "-m", str(messages), "-l", str(BYTES))
        begun = time.perf_counter()
        _run("smtp-source", *told, "-f", "shop@bench.invalid", "-t", "anna@bench.invalid", f"127.0.0.1:{port}")
        return messages / (time.perf_counter() - begun)


def missing() -> str:
    """Return why there is no Postfix to be had here, in plain words; empty where there is."""
    if lacking := [name for name in PROGRAMS if shutil.which(name, path=_PATH) is None]:
        return f"{', '.join(lacking)} not found: Debian's package postfix is not installed (apt-get install postfix)"
    if os.geteuid() != 0:
        return "Postfix starts as root only, and this isn't root"
    return ""


@contextmanager
def running(folder: Path) -> Iterator[Postfix]:
    """Run Postfix in an empty folder, and what it relays to; both are stopped at the end."""
    own = folder / "conf"
    for name in ("conf", "queue", "data"):
        (folder / name).mkdir()
    os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid, -1)
    (own / "main.cf").write_text(_MAIN.format(folder=folder), encoding="utf-8")
    (own / "master.cf").write_text(_MASTER, encoding="utf-8")
    sink = subprocess.Popen(  # noqa: S603
        [_found("smtp-sink"), "-u", "postfix", f"127.0.0.1:{SINK}", "1000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _run("postfix", "-c", str(own), "start")
        try:
            for port in (SINK, RELAYS, HOLDS):
                _until_open(port)
            yield Postfix(_run("postconf", "-c", str(own), "-h", "mail_version").strip())
        finally:
            _run("postfix", "-c", str(own), "stop")
    finally:
        sink.terminate()
        sink.wait()


def _found(program: str) -> str:
    found = shutil.which(program, path=_PATH)
    assert found is not None, program
    return found


def _run(program: str, *options: str) -> str:
    done = subprocess.run(  # noqa: S603  # Debian's programs, arguments of our own
        [_found(program), *options], capture_output=True, text=True, check=False, env={"PATH": _PATH}
    )
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
    return done.stdout


def _until_open(port: int) -> None:
    ends_at = time.monotonic() + _WAIT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)
        else:
            return
