"""The project stands alone: no file names a path of the place where it was written."""

from __future__ import annotations

import re

import pytest

from tests.contracts.house import ROOT, files

# Put together from pieces, so that this file isn't found itself.
_PLACES = ("/" + "work/", "shared" + "/")
_NEEDLE = re.compile(rb"(?<![\w.-])(?:%s)" % "|".join(_PLACES).encode())


@pytest.mark.parametrize("text", [f"cd {_PLACES[0]}main", f"see ../{_PLACES[1]}x.md", f"`{_PLACES[1]}facts`"])
def test_a_path_of_the_workplace_is_found(text: str) -> None:
    """Absolute and relative paths are found."""
    assert _NEEDLE.search(text.encode())


@pytest.mark.parametrize("text", ["shared law", f"https://example.org{_PLACES[0]}1", f"un{_PLACES[1]}x", "framework/"])
def test_a_word_or_a_link_passes(text: str) -> None:
    """The same letters inside a word or a web address are no workplace."""
    assert _NEEDLE.search(text.encode()) is None


def test_no_file_names_the_workplace() -> None:
    """Whoever clones the project finds everything it speaks of."""
    found = [path.relative_to(ROOT).as_posix() for path in files() if _NEEDLE.search(path.read_bytes())]

    assert found == []
