"""`backoffice judge LIST` and `backoffice decide FILE`: who may be messaged, who waits, who may not, and why."""

from __future__ import annotations

import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click
import msgspec

from backoffice.cli.asking import asked
from backoffice.cli.show import as_json, progress, refusing
from backoffice.cli.summary import print_summary, summary_of
from backoffice.contacts.cells import country_of
from backoffice.contacts.lists import ContactList, open_list
from backoffice.kernel.clock import system_clock
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.policies import library, prover, read_scenario_files, read_text
from backoffice.plumbing.translations import LANGUAGES, translator
from backoffice.plumbing.writing import whole_file
from backoffice.policy.facts import ERA
from backoffice.policy.scenarios import Case, read_one
from backoffice.policy.telling import tell
from backoffice.policy.vocabulary import Channel, Purpose
from backoffice.relay.judge import Counts, Judge
from backoffice.relay.lines import Lines, writer_for
from backoffice.relay.profile import Profile, read_profile

LANGUAGE = click.option("--language", default="en", type=click.Choice(LANGUAGES), help="Language of the reasons.")
PHASES = {"gather": "reading", "judge": "judging"}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One list to judge, with everything that was said of it."""

    contacts: ContactList
    profile: Profile
    operator: str
    purpose: str
    at: datetime


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--operator", required=True, help="Whose Terms: a folder of policies/operators.")
@click.option("--purpose", required=True, help=", ".join(get_args(Purpose)))
@click.option("--channel", required=True, help=", ".join(get_args(Channel)))
@click.option("--at", "moment", help="The moment of the send, ISO with a zone; default now, or the profile's.")
@click.option("--profile", "profile_path", type=click.Path(path_type=Path), help="Facts of account, message, history.")
@click.option("--region", help="Region of numbers without a country code, where the row names none.")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=HEADER", help="Which header holds a column.")
@click.option("--encoding", help="The file's encoding, where it is not UTF-8.")
@click.option("--out", "out_path", type=click.Path(path_type=Path), help="Write one line a row: .jsonl or .csv.")
@click.option("--with-addresses", is_flag=True, help="Write addresses into the lines too.")
@LANGUAGE
@click.option("--json", "is_json", is_flag=True, help="Print the summary as one JSON object.")
def judge(  # click hands over each option
    file: Path,
    operator: str,
    purpose: str,
    channel: str,
    moment: str | None,
    profile_path: Path | None,
    region: str | None,
    mapping: tuple[str, ...],
    encoding: str | None,
    out_path: Path | None,
    language: str,
    *,
    with_addresses: bool,
    is_json: bool,
) -> None:
    """Judge every row of a contact list by an operator's Terms and the law of all."""
    with refusing(language):
        _one_of(purpose, get_args(Purpose), "purpose")
        _one_of(channel, get_args(Channel), "channel")
        library().operator(operator)
        _refuse_overwriting(out_path, file, profile_path)
        profile = read_profile(profile_path) if profile_path else Profile()
        at = _moment(moment) if moment else profile.at or system_clock()
        columns = dict(pair(text) for text in mapping)
        place = _region(region or profile.region)
        contacts = open_list(file, channel=channel, region=place, at=at, mapping=columns, encoding=encoding)
        profile = profile if profile.list or is_json else asked(profile)
        job = Job(contacts=contacts, profile=profile, operator=operator, purpose=purpose, at=at)
        counts, seconds = run(job, out_path, Lines(translator(language), with_addresses=with_addresses))
        told = summary_of(job.contacts, job.profile, operator, counts, seconds=seconds, peak_mb=_peak_mb())
        if is_json:
            as_json(told)
        else:
            print_summary(told, out_path, translator(language))


def run(job: Job, out_path: Path | None, lines: Lines) -> tuple[Counts, float]:
    """Judge the list, write its lines, and return the counts and the seconds it took."""
    profile, policies = job.profile, library()
    judging = Judge(
        profile.rulebook(policies, job.operator),
        profile.account_facts(policies.operator(job.operator).place),
        profile.message_facts(job.at, job.contacts.channel, job.purpose),
        profile.recipient_facts(),
        profile.evidence(job.contacts.sha256),
        home=str(profile.account.get("place", "")),
    )
    counts, began = Counts(), time.monotonic()
    with progress(job.contacts.path, PHASES, shown=True) as told:
        outcomes = judging.judge(job.contacts, counts, told)
        if out_path is None:
            for _ in outcomes:
                pass
        else:
            header, line = writer_for(out_path.name)
            with whole_file(out_path) as file:
                file.write(header)
                file.writelines(line(lines.told(outcome)) for outcome in outcomes)
    return counts, time.monotonic() - began


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@LANGUAGE
def decide(file: Path, language: str) -> None:
    """Judge one send given as JSON, a case without what it expects. FILE may be - for standard input."""
    with refusing(language):
        case: Case = read_one(_stdin() if str(file) == "-" else read_text(file), str(file), read_scenario_files())
        decision, _, _ = prover().decide(case)
    as_json(tell(decision, translator(language)))


def _one_of(value: str, known: tuple[str, ...], field: str) -> None:
    if value not in known:
        raise Invalid(f"{field}_unknown", field=f"--{field}", value=value, known=", ".join(known))


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("at_invalid", field="--at", value=text) from None
    if at.tzinfo is None:
        raise Invalid("at_without_zone", field="--at", value=text)
    if at.year not in ERA:
        raise Invalid("at_invalid", field="--at", value=text)
    return at.astimezone(UTC)


def _region(text: str) -> str | None:
    try:
        return country_of(text) or None
    except Invalid as wrong:
        raise Invalid(wrong.code, field="--region") from None


def _refuse_overwriting(out_path: Path | None, *sources: Path | None) -> None:
    """Refuse lines that would take the place of the list or the profile they are made from."""
    for source in sources:
        if out_path and source and out_path.exists() and source.exists() and out_path.samefile(source):
            raise Invalid("out_is_read", file=str(source), field="--out")


def _stdin() -> str:
    stated = sys.stdin.buffer.read() if sys.stdin else b""
    try:
        return stated.decode()
    except UnicodeDecodeError as wrong:
        raise Invalid("file_not_utf8", file="-", byte=wrong.start) from None


def pair(text: str) -> tuple[str, str]:
    """Read which header holds a column, COLUMN=HEADER; raises Invalid."""
    column, found, header = text.partition("=")
    if not found:
        raise Invalid("map_invalid", field="--map", value=text)
    return column, header


def _peak_mb() -> float:
    """Return the peak memory of this process in MB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
