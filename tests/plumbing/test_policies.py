"""Policy files on disk: each is read once, as UTF-8, and scenarios apart from the policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from backoffice.kernel.errors import BackofficeError, NotFound
from backoffice.plumbing.policies import library, policies_folder, read_policies, read_scenario_files, read_text


def test_policies_are_read_without_scenarios_and_the_demo() -> None:
    """What can change a verdict is read, and nothing else."""
    files = read_policies(policies_folder())

    assert {"jurisdictions/lv.toml", "channels/whatsapp.toml", "calendars/lv.toml"} <= files.keys()
    assert [name for name in files if name.startswith(("scenarios/", "demo/"))] == []
    assert all(name.endswith(".toml") for name in files)


def test_the_library_is_made_once() -> None:
    """It takes a while."""
    assert library() is library()


def test_all_scenarios_are_read_by_default() -> None:
    """Each by its name in the folder."""
    files = read_scenario_files()

    assert "bases.toml" in files
    assert len(files) > 10


def test_cases_of_ones_own_come_with_the_bases_they_start_from(tmp_path: Path) -> None:
    """A file or a folder takes the place of all other cases."""
    (tmp_path / "mine.toml").write_text("case = []\n", encoding="utf-8")
    bases = {name for name in read_scenario_files() if name.startswith("bases")}

    for path in (tmp_path, tmp_path / "mine.toml"):
        files = read_scenario_files(path)
        assert files.keys() == bases | {"mine.toml"}
        assert files["mine.toml"] == "case = []\n"


@pytest.mark.parametrize("name", ["nowhere", "nowhere.toml", "empty"])
def test_cases_that_are_not_there_are_told(tmp_path: Path, name: str) -> None:
    """A misspelt folder passes no test, nor does an empty one."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(NotFound, match="file_unreadable") as missing:
        read_scenario_files(tmp_path / name)

    assert missing.value.data["file"] == str(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "code", "byte"), [("Rīga".encode("cp1257"), "file_not_utf8", 1), (None, "file_unreadable", None)]
)
def test_what_can_not_be_read_as_text_is_told(
    tmp_path: Path, content: bytes | None, code: str, byte: int | None
) -> None:
    """With the file, and the first byte that is wrong."""
    path = tmp_path / "x.toml"
    if content:
        path.write_bytes(content)

    with pytest.raises(BackofficeError, match=code) as refused:
        read_text(path)

    assert (refused.value.data["file"], refused.value.data.get("byte")) == (str(path), byte)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Some editors write one."""
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfa = 1\n")

    assert read_text(tmp_path / "x.toml") == "a = 1\n"
