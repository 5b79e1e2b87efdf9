"""Asking once, where a person is at the keyboard, for what turns bare flags into evidence."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from backoffice.cli.show import err
from backoffice.plumbing.policies import read_bytes
from backoffice.relay.profile import Profile

ATTESTED = "I state that every consent of this list was given as the list says, and that I can prove it."
CONTROLS = ("unticked", "button", "signed", "preticked")


def asked(profile: Profile) -> Profile:
    """Return the profile with what the person stated of the list's consents; nobody is asked by a script."""
    if sys.stdin is None or not sys.stdin.isatty():
        return profile
    err.print("Nothing is stated of this list's consents. Leave empty what you don't have; such consents count as D.")
    sender = _asked("Who did people agree to hear from")
    words = _asked("In which words, where a row has none")
    copy = _asked("The form they saw, as a file")
    stated: dict[str, Any] = {"sender": sender, "words": words, "form": [_form(Path(copy), sender)] if copy else []}
    stated["is_attested"] = click.confirm(ATTESTED, default=False, err=True)
    return msgspec.structs.replace(profile, list={name: value for name, value in stated.items() if value})


def _asked(question: str) -> str:
    answer: str = click.prompt(question, default="", show_default=False, err=True)
    return answer.strip()


def _form(path: Path, sender: str) -> dict[str, Any]:
    """Describe the copy of a form; rows name it in their evidence as form:<id>."""
    copy = read_bytes(path)
    return {
        "id": click.prompt("What rows call it in their evidence, after form:", default=path.stem, err=True),
        "file_sha256": hashlib.sha256(copy).hexdigest(),
        "words": click.prompt("Its words", err=True),
        "control_state": click.prompt("Its control before the person acted", type=click.Choice(CONTROLS), err=True),
        "channels": click.prompt("The channels it names, apart by spaces", err=True).split(),
        "purposes": click.prompt("The purposes it names, apart by spaces", err=True).split(),
        "sender": sender,
    }
