"""`backoffice judge`: good lists end with exit 0, wrong use with 2, one message, and nothing half written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backoffice.cli.judging import Job
from backoffice.cli.judging import run as judge
from backoffice.contacts.lists import open_list
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.translations import translator
from backoffice.relay.judge import Outcome
from backoffice.relay.lines import Lines
from backoffice.relay.profile import read_profile
from tests.cli.conftest import DEMO, OPERATOR, SEND, Runs

LIST = "phone,country\n+37126000001,LV\n26000001,LV\nx,LV\n"
PROFILE = ("--profile", DEMO / "profile.toml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with one good list."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return tmp_path


def names(folder: Path) -> list[str]:
    """Return what is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def test_a_list_is_judged_and_its_lines_are_written(run: Runs, folder: Path) -> None:
    """Exit 0 where every row is accounted for, also with denials."""
    ended = run("judge", "list.csv", *SEND, *PROFILE, "--out", "x.jsonl", "--json")
    told = json.loads(ended.out)
    lines = [json.loads(line) for line in (folder / "x.jsonl").read_text(encoding="utf-8").splitlines()]

    assert (ended.code, ended.err) == (0, "")
    assert [line["verdict"] for line in lines] == ["deny", "merged", "rejected"]
    assert told["rows"] == told["judged"] + told["merged"] + told["rejected"] == 3
    assert told["verdicts"]["deny"] == 1
    assert told["rejections"] == {"number_invalid": 1}


def test_a_person_reads_the_summary(run: Runs, folder: Path) -> None:
    """What is assumed, what came of it, and where the lines are."""
    ended = run("judge", "list.csv", *SEND, *PROFILE, "--language", "lv")

    assert ended.code == 0
    assert translator("lv")("Assumed") in ended.out
    assert "3 " in ended.out
    assert names(folder) == ["list.csv"]


def test_gaps_are_told_by_fact_where_there_is_no_profile(run: Runs, folder: Path) -> None:
    """Nothing is allowed, and the summary names what has to be stated."""
    told = json.loads(run("judge", "list.csv", *SEND, "--json").out)

    assert told["verdicts"]["allow"] == told["verdicts"]["warn"] == 0
    assert told["gaps"]["account.standing"] == 1
    assert folder.is_dir()


def test_the_profiles_moment_counts_where_none_is_said(run: Runs, folder: Path) -> None:
    """And the command's goes before it."""
    early = folder / "early.toml"
    early.write_text((DEMO / "profile.toml").read_text(encoding="utf-8").replace("T08:30", "T03:30"), encoding="utf-8")
    send = SEND[:-2]
    (folder / "gb.csv").write_text("phone,country\n+447400123456,GB\n", encoding="utf-8")

    def hours(*more: object) -> bool:
        ended = run("judge", "gb.csv", *send, "--profile", early, *more, "--json")
        return "quiet_hours" in {reason["code"] for reason in json.loads(ended.out)["reasons"]}

    assert hours()
    assert not hours("--at", "2026-11-20T12:30:00+02:00")


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("phone\n", 0),
        ("phone\nx\n", 1),
        ("phone\r\n+37126000001\r\n", 1),
        ("\ufeffsep=;\nphone;x\n+37126000001;1\n", 1),
    ],
)
def test_small_lists_are_lists(run: Runs, folder: Path, content: str, rows: int) -> None:
    """A header alone, rows that are all rejected, one column, a spreadsheet's own marks."""
    (folder / "list.csv").write_text(content, encoding="utf-8")
    ended = run("judge", "list.csv", *SEND, "--out", "x.csv", "--json")

    assert (ended.code, json.loads(ended.out)["rows"]) == (0, rows)
    assert len((folder / "x.csv").read_text(encoding="utf-8").splitlines()) == rows + 1


@pytest.mark.parametrize(
    ("content", "more", "told"),
    [
        (b"", (), "list.csv: The file is empty."),
        (b"\n\n", (), "list.csv:1: The list has no header."),
        (b"PK\x03\x04" + b"x" * 50, (), "list.csv: The file is of the kind xlsx"),
        (b"%PDF-1.7", (), "list.csv: The file is of the kind pdf"),
        (b"a,b\n1,2\n", (), "list.csv:1: phone: No header means this column."),
        (b"phone,mobile\n1,2\n", (), "list.csv:1: phone: More than one header means this column."),
        (b"phone\xc3\n", (), "list.csv:1: Byte 5 can't be read as utf-8."),
        (b"phone\n+37126000001\n\xff\n", (), "list.csv:3: Byte 19 can't be read as utf-8."),
        (b"x" * 2_000_000, (), "list.csv:1: A line is longer"),
        (b'"phone\n', (), "list.csv:1: The header can't be read."),
        (LIST.encode(), ("--encoding", "klingon"), "list.csv: The encoding klingon can't be read."),
        (LIST.encode(), ("--encoding", "utf-16-le"), "list.csv"),
        (LIST.encode(), ("--map", "phone"), "--map: phone names no column."),
        (LIST.encode(), ("--map", "tel=phone"), "list.csv:1: tel: There is no such column."),
        (LIST.encode(), ("--map", "phone=tel"), "list.csv:1: phone: No header means this column."),
        (LIST.encode(), ("--operator", "nobody"), "There is no operator nobody. The operators are: "),
        (LIST.encode(), ("--operator", "../operators/x"), "There is no operator ../operators/x."),
        (LIST.encode(), ("--operator", ""), "There is no operator ."),
        (LIST.encode(), ("--purpose", "Marketing"), "--purpose: Marketing is no purpose."),
        (LIST.encode(), ("--channel", "telegram"), "--channel: telegram is no channel."),
        (LIST.encode(), ("--channel", "push"), "A list holds no addresses for the channel push."),
        (LIST.encode(), ("--at", "tomorrow"), "--at: tomorrow is no moment."),
        (LIST.encode(), ("--at", "2026-11-20T08:30"), "--at: 2026-11-20T08:30 names no zone."),
        (LIST.encode(), ("--at", "2026-02-30T08:30Z"), "--at: 2026-02-30T08:30Z is no moment."),
        (LIST.encode(), ("--at", "0001-01-01T00:00+14:00"), "--at: 0001-01-01T00:00+14:00 is no moment."),
        (LIST.encode(), ("--at", "9999-12-31T23:59-12:00"), "--at: 9999-12-31T23:59-12:00 is no moment."),
        (LIST.encode(), ("--region", "Latvia"), "--region: A country is written with two letters"),
        (LIST.encode(), ("--region", "XX"), "--region: No country has these two letters."),
        (LIST.encode(), ("--profile", "nowhere.toml"), "nowhere.toml: The file can't be read"),
        (LIST.encode(), ("--profile", "."), ".: The file can't be read"),
        (LIST.encode(), ("--profile", "list.csv"), "list.csv:1: The file is no valid TOML"),
    ],
)
def test_what_can_not_be_used_is_refused_in_one_line(
    run: Runs, folder: Path, content: bytes, more: tuple[str, ...], told: str
) -> None:
    """With file, line and field where they are known, exit code 2, and no lines."""
    (folder / "list.csv").write_bytes(content)
    ended = run("judge", "list.csv", *SEND, *more, "--out", "x.jsonl")

    assert ended.refusal.startswith(told)
    assert names(folder) == ["list.csv"]


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ('[account]\nstanding = "asleep"\n', "p.toml:2: account.standing: "),
        ("[account]\nplaec = 1\n", "p.toml:2: account.plaec: There is no such fact."),
        ("[account]\npaid_from = 2026-01-01T00:00:00\n", "p.toml:2: account.paid_from: "),
        ('[account]\nplace = "Latvia"\n', "p.toml:2: account.place: There is no place Latvia."),
        ('[message]\npurpose = "service"\n', "p.toml:2: message.purpose: A profile does not state this."),
        ("[list]\nsender = 1\n", "p.toml:2: list.sender: "),
        ('[[settings]]\nsource = "x/1"\n', "p.toml:2: x/1: There is no such clause to be set."),
        ("a = [\n" + "1,\n" * 98 + "?]\n", "p.toml:100: The file is no valid TOML"),
    ],
)
def test_a_wrong_fact_in_a_profile_leaves_no_lines(run: Runs, folder: Path, profile: str, told: str) -> None:
    """However late it is found out."""
    (folder / "p.toml").write_text(profile, encoding="utf-8")
    ended = run("judge", "list.csv", *SEND, "--profile", "p.toml", "--out", "x.jsonl")

    assert ended.refusal.startswith(told)
    assert names(folder) == ["list.csv", "p.toml"]


@pytest.mark.parametrize(
    "path", ["nowhere.csv", ".", "", "list.csv/x", "pipe", "/dev/null", "/proc/self/mem", "a" * 300]
)
def test_what_is_no_list_is_refused(run: Runs, folder: Path, path: str) -> None:
    """A missing file, a folder, a pipe that can't be read twice, a device, a file that can't be read."""
    (folder / "pipe").symlink_to("/dev/stdin")

    assert run("judge", path, *SEND, "--out", "x.jsonl").refusal
    assert names(folder) == ["list.csv", "pipe"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("nowhere/x.jsonl", "nowhere/x.jsonl: The file can't be written: No such file or directory."),
        (".", ".: The file can't be written"),
        ("list.csv/x.csv", "list.csv/x.csv: The"),
        ("/dev/null", "/dev/null: The file can't be written"),
        ("list.csv", "list.csv: --out: The lines would be written over what they are made from."),
        ("./link.csv", "list.csv: --out: The lines would be written over what they are made from."),
        ("p.toml", "p.toml: --out: The lines would be written over what they are made from."),
    ],
)
def test_lines_are_written_over_nothing_that_is_needed(run: Runs, folder: Path, path: str, told: str) -> None:
    """Neither over the list nor the profile, nor where no file can be."""
    (folder / "p.toml").touch()
    (folder / "link.csv").symlink_to("list.csv")

    assert run("judge", "list.csv", *SEND, "--profile", "p.toml", "--out", path).refusal.startswith(told)
    assert (folder / "list.csv").read_text(encoding="utf-8") == LIST
    assert names(folder) == ["link.csv", "list.csv", "p.toml"]


def test_a_message_stays_on_one_line_and_steers_no_terminal(run: Runs) -> None:
    """Whatever was typed; and the hundredth line is told as a number, not as a picture."""
    assert run("judge", "x.csv", *SEND, "--operator", "x\ny\x1b[31m").refusal.startswith(
        "There is no operator x�y�[31m."
    )


def test_the_message_is_in_the_language_asked_for(run: Runs, folder: Path) -> None:
    """The file and the field stay as they are."""
    ended = run("judge", "list.csv", *SEND, "--at", "x", "--language", "lv")

    assert ended.refusal == "--at: " + translator("lv")(
        "{value} is no moment. Write it as 2026-11-20T09:00+02:00."
    ).format(value="x")
    assert folder.is_dir()


def test_wrong_use_ends_with_two(run: Runs) -> None:
    """As the shell expects it: a missing option, an unknown one, an unknown command."""
    for args in (("judge",), ("judge", "x.csv"), ("judge", "x.csv", *SEND, "--colour"), ("sing",)):
        ended = run(*args)
        assert (ended.code, ended.out) == (2, "")
        assert "Error: " in ended.err


class Meddling(Lines):
    """Lines that bring trouble at the second row."""

    def __init__(self, trouble: BaseException | Path) -> None:
        super().__init__(str, with_addresses=False)
        self.trouble = trouble

    def told(self, outcome: Outcome) -> dict[str, Any]:
        """Tell the first row, then make the trouble."""
        told = super().told(outcome)
        if told["line"] > 2:
            if isinstance(self.trouble, BaseException):
                raise self.trouble
            self.trouble.write_text(LIST * 2, encoding="utf-8")
        return told


@pytest.mark.parametrize("before", [None, "before"])
@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), OSError(28, "No space left on device"), Path("list.csv")])
def test_trouble_in_the_middle_leaves_what_was_there(
    folder: Path, trouble: BaseException | Path, before: str | None
) -> None:
    """Ctrl-C, a full disk, a list that changes under one's hands: no line is kept of a judging that didn't end."""
    profile = read_profile(DEMO / "profile.toml")
    assert profile.at
    contacts = open_list(folder / "list.csv", channel="whatsapp", region=None, at=profile.at)
    job = Job(contacts=contacts, profile=profile, operator=OPERATOR, purpose="marketing", at=profile.at)
    out = folder / "x.jsonl"
    if before:
        out.write_text(before, encoding="utf-8")

    with pytest.raises((KeyboardInterrupt, Invalid)):
        judge(job, out, Meddling(trouble))

    assert names(folder) == (["list.csv", "x.jsonl"] if before else ["list.csv"])
    assert before is None or out.read_text(encoding="utf-8") == before


def test_the_same_list_gives_the_same_bytes(run: Runs, folder: Path) -> None:
    """Lines and summary, but for its pace."""
    told = []
    for name in ("x.jsonl", "y.jsonl"):
        summary = json.loads(run("judge", DEMO / "contacts.csv", *SEND, *PROFILE, "--out", name, "--json").out)
        told.append({key: value for key, value in summary.items() if key not in {"rows_per_second", "peak_mb"}})

    assert told[0] == told[1]
    assert (folder / "x.jsonl").read_bytes() == (folder / "y.jsonl").read_bytes()


def test_the_demos_lines_hold_no_address(run: Runs, folder: Path) -> None:
    """Not one of its numbers or mail addresses, in either form, unless asked for."""
    rows = (DEMO / "contacts.csv").read_text(encoding="utf-8").splitlines()[1:]
    phones = {row.split(",")[1].lstrip("+") for row in rows}
    for name in ("x.jsonl", "x.csv"):
        run("judge", DEMO / "contacts.csv", *SEND, *PROFILE, "--out", name)
        text = (folder / name).read_text(encoding="utf-8")
        assert "@example.com" not in text
        assert {phone for phone in phones if phone in text} == set()

    run("judge", DEMO / "contacts.csv", *SEND, *PROFILE, "--out", "x.csv", "--with-addresses")
    assert "+37121234003" in (folder / "x.csv").read_text(encoding="utf-8")
