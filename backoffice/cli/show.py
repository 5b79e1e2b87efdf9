"""Showing: errors in one line, JSON in one object, tables and progress for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from backoffice.kernel.errors import BackofficeError, Invalid

WRONG_USE = 2

out = Console(soft_wrap=True, highlight=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)  # ":100:" is a line, and no emoji


@contextmanager
def refusing(language: str = "en") -> Iterator[None]:
    """End with one clear message and exit code 2 where the input can't be used."""
    try:
        yield
    except BackofficeError as refused:
        where = ":".join(str(refused.data[key]) for key in ("file", "line") if key in refused.data)
        field = refused.data.get("field")
        parts = [part for part in (where, str(field) if field else "") if part]
        err.print(_on_one_line(": ".join([*parts, _said(refused, language)])), markup=False)
        sys.exit(WRONG_USE)
    except BrokenPipeError:  # who read along has left
        raise
    except OSError as fault:
        _let_go_of_output()
        with refusing(language):
            raise Invalid("system_refuses", file=fault.filename or "-", why=fault.strerror) from None


def _said(refused: BackofficeError, language: str) -> str:
    from backoffice.plumbing.messages import error_text  # noqa: PLC0415  # catalogues take time, and are rarely needed
    from backoffice.plumbing.translations import translator  # noqa: PLC0415

    return error_text(refused, translator(language))


def _let_go_of_output() -> None:
    """Point standard output nowhere: what could not be written would be tried again as the program ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _on_one_line(text: str) -> str:
    """Return somebody's text without what would steer a terminal or begin another line."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def as_json(value: Any) -> None:  # noqa: ANN401  # anything msgspec can write
    """Print one JSON object on one line."""
    out.file.write(msgspec.json.encode(value).decode() + "\n")
    out.file.flush()


@contextmanager
def progress(path: Path, phases: dict[str, str], *, shown: bool) -> Iterator[Callable[[str, int], None]]:
    """Show a bar a phase while rows go by; the number of rows is guessed from the file's lines."""
    if not shown or not err.is_terminal:
        yield lambda _phase, _rows: None
        return
    total = _lines(path)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=err, transient=True) as bars:
        tasks = {phase: bars.add_task(name, total=total) for phase, name in phases.items()}
        yield lambda phase, rows: bars.update(tasks[phase], completed=rows)


class Bar:
    """A bar for work whose length is told as it goes; it shows nothing where nobody looks on.

    It is shown on the standard error of the moment at which it was made, wherever that leads meanwhile.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        console = Console(file=sys.stderr, highlight=False, emoji=False)
        self._bars = Progress(
            *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task(name, total=None)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, done: int, total: int | None, name: str = "") -> None:
        """Show how much is done, of how much where that is known, and of what."""
        self._bars.update(self._task, completed=done, total=total, description=name or self._name)


T = TypeVar("T")


def progress_of(items: Iterable[T], total: int, name: str) -> Iterator[T]:
    """Yield items with a bar where a person looks on."""
    if not err.is_terminal:
        yield from items
        return
    with Progress(TextColumn(name), BarColumn(), MofNCompleteColumn(), console=err, transient=True) as bar:
        yield from bar.track(items, total=total)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
