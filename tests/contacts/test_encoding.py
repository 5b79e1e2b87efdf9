"""Encodings: told by a mark, proved by UTF-8, or stated; a file that isn't text is said to be none."""

from __future__ import annotations

import codecs
import hashlib
from typing import TYPE_CHECKING

import pytest

from backoffice.contacts.encoding import scan
from backoffice.kernel.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

LIST = "phone,vārds\r\n+37126000001,Līga\r\n"


def refused(path: Path, content: bytes, stated: str | None = None) -> Invalid:
    """Return why a file is refused."""
    path.write_bytes(content)
    with pytest.raises(Invalid) as fault:
        scan(path, stated)
    return fault.value


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (LIST.encode(), "utf-8"),
        (codecs.BOM_UTF8 + LIST.encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + LIST.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + LIST.encode("utf-16-be"), "utf-16"),
    ],
)
def test_unicode_is_found_out(tmp_path: Path, content: bytes, encoding: str) -> None:
    """Byte order marks are believed; without one a file is UTF-8 from end to end."""
    (tmp_path / "list.csv").write_bytes(content)

    scanned = scan(tmp_path / "list.csv", None)

    assert (scanned.encoding, scanned.sha256) == (encoding, hashlib.sha256(content).hexdigest())


def test_a_code_page_is_refused_with_the_place_of_its_first_letter(tmp_path: Path) -> None:
    """Which letter a byte above 127 is, only the account knows; the refusal says where it stands and what to state."""
    fault = refused(tmp_path / "list.csv", b"phone,name\n1,a\n2,L" + "īga".encode("cp1257"))

    assert fault.code == "encoding_invalid"
    assert (fault.data["file"], fault.data["line"], fault.data["offset"]) == ("list.csv", 3, 18)
    assert "cp1257" in str(fault.data["may_be_stated"])


def test_the_place_is_right_beyond_the_first_chunk(tmp_path: Path) -> None:
    """A wrong byte two megabytes into the file is found, counted from the file's start."""
    good = "ā,b\n".encode() * 500_000

    fault = refused(tmp_path / "list.csv", good + b"\xe2\x82\n")

    assert (fault.data["line"], fault.data["offset"]) == (500_001, len(good))


def test_a_cut_letter_at_the_end_is_refused(tmp_path: Path) -> None:
    """A file that was cut off in the middle of a letter isn't whole."""
    assert refused(tmp_path / "list.csv", b"phone\n\xc4").data["offset"] == 6


def test_a_stated_code_page_is_used_strictly(tmp_path: Path) -> None:
    """Stated, the same bytes are read; a byte the page doesn't have is refused."""
    (tmp_path / "list.csv").write_bytes(LIST.encode("cp1257"))

    assert scan(tmp_path / "list.csv", "cp1257").encoding == "cp1257"
    assert refused(tmp_path / "list.csv", b"phone\n\xa1", "cp1257").code == "encoding_invalid"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"PK\x03\x04....", "file_is_no_list"),
        (b"\xd0\xcf\x11\xe0....", "file_is_no_list"),
        (b"%PDF-1.7", "file_is_no_list"),
        (codecs.BOM_UTF32_LE + b"p\0\0\0", "encoding_unknown"),
        (b"phone" * 500_000, "line_too_long"),
    ],
)
def test_what_is_no_list_is_said_to_be_none(tmp_path: Path, content: bytes, code: str) -> None:
    """Workbooks, archives and files without lines aren't read as if they were lists."""
    assert refused(tmp_path / "list.csv", content).code == code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The message names the file, not a traceback."""
    with pytest.raises(Invalid) as fault:
        scan(tmp_path / "none.csv", None)

    assert (fault.value.code, fault.value.data["file"]) == ("file_unreadable", "none.csv")


def test_an_encoding_nobody_may_state_is_refused(tmp_path: Path) -> None:
    """Only encodings of lists may be stated."""
    assert refused(tmp_path / "list.csv", b"phone\n", "utf-7").code == "encoding_unknown"
