"""`backoffice serve` and `worker`: the two parts of a running service."""

from __future__ import annotations

import socket

import click
import msgspec

from backoffice.cli.opening import bring_up_to_date, reaching
from backoffice.cli.show import refusing
from backoffice.kernel.errors import Invalid
from backoffice.main import serve as serve_web
from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.settings import Settings, read_settings
from backoffice.worker import work


@click.command()
@click.option("--host", help="Where to listen; default BACKOFFICE_HOST, or this machine alone.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Default BACKOFFICE_PORT, or 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that serve.")
@click.option("--doors", is_flag=True, help="The providers' webhooks alone, so that no load keeps a stop waiting.")
def serve(host: str | None, port: int | None, workers: int, *, doors: bool) -> None:
    """Serve the API until told to stop. Requests in flight are answered first; `worker` does all the rest."""
    with refusing():
        settings = read_settings()
        settings = msgspec.structs.replace(settings, host=host or settings.host, port=port or settings.port)
        require_port(settings)
        with reaching(settings):
            server = None if settings.database_url else EmbeddedServer(settings.data / "postgresql")
        if server:
            server.start()
        try:
            bring_up_to_date(settings)
            serve_web(settings, workers=workers, has_doors_alone=doors)
        finally:
            if server:
                server.stop()


@click.command()
def worker() -> None:
    """Work until told to stop: deliver, release, seal, do jobs. Any number of workers may run at once."""
    with refusing(), reaching(settings := read_settings()):
        work(settings)


def require_port(settings: Settings) -> None:
    """Refuse an address that can't be listened on; raises Invalid."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as fault:
            raise Invalid("port_refused", host=settings.host, port=settings.port, why=fault.strerror) from None
