"""Lists of stops as other systems hand them out: every opt-out is read, nothing else is, and nothing raises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.consent.stops.formats import NO_OPT_OUTS, OPT_OUTS, WORDS, format_of
from backoffice.consent.stops.reading import MOST_STOPS, Line, Said, open_stops, slices
from backoffice.consent.stops.saying import words_of
from backoffice.consent.stops.stated import StatedStops
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.messages import ROWS
from tests.trying import DEAR

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
MAY = datetime(2026, 5, 1, 10, tzinfo=UTC)

TWILIO = """contact_id,correlation_id,sender_id,status,source,date_of_consent
+37126000001,a1,MG1,opt-out,opt-out-message,2026-05-01T10:00:00Z
whatsapp:+37126000002,a2,MG1,opt-out,website,2026-05-01T10:00:00Z
37126000003,a3,MG1,opt-out,others,
+37126000004,a4,MG1,opt-in,website,2026-05-01T10:00:00Z
"""
LOG = """From,To,Direction,Body,Status,SentDate,ErrorCode
+15005550006,+37126000001,outbound-api,Lamps,undelivered,2026-05-01 10:00:00 UTC,21610
+15005550006,+37126000002,outbound-api,Lamps,undelivered,2026-05-01 10:00:00 UTC,30003
+37126000003,+15005550006,inbound,stop,received,"Fri, 01 May 2026 10:00:00 +0000",
+37126000004,+15005550006,inbound,stop by our shop,received,2026-05-01 10:00:00 UTC,
+15005550006,+37126000005,outbound-api,STOP,delivered,2026-05-01 10:00:00 UTC,
"""
KEYWORDS = """From,To,OptOutType,DateCreated
whatsapp:+37126000001,whatsapp:+15005550006,STOP,2026-05-01T10:00:00Z
+37126000002,+15005550006,START,2026-05-01T10:00:00Z
+37126000003,+15005550006,HELP,2026-05-01T10:00:00Z
"""
ONETRUST = """Data Subject Identifier,Purpose Name,Transaction Type,Transaction Date
anna@example.com,Newsletter,OPT_OUT,2026-05-01T10:00:00Z
Boriss@Example.com,Newsletter,WITHDRAWN,2026-05-01T10:00:00Z
+37126000003,Newsletter,HARD_OPT_OUT,2026-05-01T10:00:00Z
celia@example.com,Newsletter,CONFIRMED,2026-05-01T10:00:00Z
celia@example.com,Newsletter,NO_CHOICE,2026-05-01T10:00:00Z
dace@example.com,Newsletter,SOMETHING_NEW,2026-05-01T10:00:00Z
8b1f0a,Newsletter,OPT_OUT,2026-05-01T10:00:00Z
"""
MAUTIC = """Email,Mobile,Phone,Reason,Channel,Date added,Comments
anna@example.com,+37126000001,,1,email,2026-05-01 10:00:00,
boriss@example.com,+37126000002,+37126000012,Unsubscribed,sms,2026-05-01 10:00:00,
celia@example.com,,,2,email,2026-05-01 10:00:00,550 no such user
dace@example.com,+37126000004,,3,notification,2026-05-01 10:00:00,
edgars@example.com,,,0,email,2026-05-01 10:00:00,
fanija@example.com,,,Bounced,sms,2026-05-01 10:00:00,
"""
PAIRS = """Email,Mobile,DNC list
anna@example.com,+37126000001,"1:email,2:sms"
boriss@example.com,+37126000002,
celia@example.com,+37126000003,0:email
"""
CSV = """phone;email;opted out;date;scope;channel;reason
+37126000001;;yes;;;;
26000002;;;2026-05-01T10:00:00Z;;;
;anna@example.com;x;2026-05-01T10:00:00Z;marketing;email;
+37126000004;;no;;;;
+37126000005;;;;;;asked by phone
+37126000006;;maybe;;;;
+37126000007;;yes;2027-01-01;;;
+37126000008;;yes;03/04/2025;topic;;
+37126000009;;yes;;;pigeon;
12;;yes;;;;
+37126000010 / 0037126000011;;yes;;;;
+37126000012;;yes
"""


def read(folder: Path, text: str, **stated: Any) -> list[Line]:  # noqa: ANN401  # fields of what is stated
    """Read a list that is handed in."""
    path = folder / "stops.csv"
    path.write_text(text, encoding="utf-8")
    return list(open_stops(path, StatedStops(name="Stops", **stated), AT).lines())


def told(lines: list[Line]) -> list[tuple[Any, ...]]:
    """Return line, addresses, outcome, field and reason of each."""
    return [(one.line, [said.address for said in one.said], one.outcome, one.field, one.reason) for one in lines]


def test_twilios_consents_are_read_with_and_without_plus_and_prefix(tmp_path: Path) -> None:
    """An opt-in is no opt-out; an opt-out without a date counts from the import's moment."""
    lines = read(tmp_path, TWILIO)

    assert told(lines) == [
        (2, ["+37126000001"], "new", "", ""),
        (3, ["+37126000002"], "new", "", ""),
        (4, ["+37126000003"], "new", "", ""),
        (5, [], "not_opt_out", "", ""),
    ]
    assert lines[0].said == (Said("phone", "+37126000001", "all", "all", MAY, is_dated=True),)
    assert lines[2].said == (Said("phone", "+37126000003", "all", "all", AT, is_dated=False),)


def test_twilios_log_of_messages_tells_stops_by_its_code_and_by_the_persons_word(tmp_path: Path) -> None:
    """21610 names the recipient, an inbound keyword the sender; a longer text and our own word are none."""
    lines = read(tmp_path, LOG)

    assert [(one.line, [said.address for said in one.said]) for one in lines] == [
        (2, ["+37126000001"]),
        (3, []),
        (4, ["+37126000003"]),
        (5, []),
        (6, []),
    ]
    assert {said.at for one in lines for said in one.said} == {MAY}


def test_twilios_opt_out_types_are_told_apart(tmp_path: Path) -> None:
    """STOP is one; START and HELP are none."""
    assert [one.outcome for one in read(tmp_path, KEYWORDS)] == ["new", "not_opt_out", "not_opt_out"]


def test_onetrusts_opt_outs_count_and_nothing_else_does(tmp_path: Path) -> None:
    """A word nobody knows is taken as a stop and told; an identifier that is no address is unreadable."""
    assert told(read(tmp_path, ONETRUST)) == [
        (2, ["anna@example.com"], "new", "", ""),
        (3, ["boriss@example.com"], "new", "", ""),
        (4, ["+37126000003"], "new", "", ""),
        (5, [], "not_opt_out", "", ""),
        (6, [], "not_opt_out", "", ""),
        (7, ["dace@example.com"], "new", "status", "status_unknown"),
        (8, [], "unreadable", "phone", "number_invalid"),
    ]


def test_mautics_do_not_contact_is_of_its_channel(tmp_path: Path) -> None:
    """Unsubscribed, bounced and manual are stops; a channel unknown here is all of them; contactable is no opt-out."""
    lines = read(tmp_path, MAUTIC)

    assert told(lines) == [
        (2, ["anna@example.com"], "new", "", ""),
        (3, ["+37126000002", "+37126000012"], "new", "", ""),
        (4, ["celia@example.com"], "new", "", ""),
        (5, ["+37126000004", "dace@example.com"], "new", "channel", "stop_channel_unknown"),
        (6, [], "not_opt_out", "", ""),
        (7, [], "unreadable", "phone", "number_missing"),
    ]
    assert [{said.channel for said in one.said} for one in lines[:4]] == [{"email"}, {"sms"}, {"email"}, {"all"}]


def test_mautics_pairs_are_a_stop_a_channel(tmp_path: Path) -> None:
    """A contact report's one column holds several; an empty one is nobody's stop."""
    lines = read(tmp_path, PAIRS)

    assert [(said.channel, said.address) for said in lines[0].said] == [
        ("email", "anna@example.com"),
        ("sms", "+37126000001"),
    ]
    assert [one.outcome for one in lines] == ["new", "not_opt_out", "not_opt_out"]


def test_plain_csv_is_read_to_the_strict_side(tmp_path: Path) -> None:
    """A flag, a date, a scope, a channel; what can't be read is taken widely and told; two numbers are two stops."""
    lines = read(tmp_path, CSV, region="LV")

    assert told(lines) == [
        (2, ["+37126000001"], "new", "", ""),
        (3, ["+37126000002"], "new", "", ""),
        (4, ["anna@example.com"], "new", "", ""),
        (5, [], "not_opt_out", "", ""),
        (6, [], "not_opt_out", "", ""),
        (7, ["+37126000006"], "new", "flag", "date_invalid"),
        (8, ["+37126000007"], "new", "date", "date_in_future"),
        (9, ["+37126000008"], "new", "date", "date_invalid"),
        (10, ["+37126000009"], "new", "channel", "stop_channel_unknown"),
        (11, [], "unreadable", "phone", "number_invalid"),
        (12, ["+37126000010", "+37126000011"], "new", "phone", "number_ambiguous"),
        (13, ["+37126000012"], "new", "", "columns_count"),
    ]
    assert [(said.scope, said.channel, said.at) for said in lines[2].said] == [("marketing", "email", MAY)]
    assert {said.at for one in lines[5:] for said in one.said} == {AT}
    assert {said.scope for said in lines[7].said} == {"all"}


def test_a_list_of_addresses_alone_is_a_list_of_stops(tmp_path: Path) -> None:
    """Where no column says otherwise, whoever stands there said stop."""
    lines = read(tmp_path, "address\nanna@example.com\n+37126000001\n\n", scope="marketing", channel="all")

    assert [one.outcome for one in lines] == ["new", "new"]
    assert {said.scope for one in lines for said in one.said} == {"marketing"}


def test_a_channel_keeps_to_the_addresses_it_leads_to(tmp_path: Path) -> None:
    """Of phone and mail address the one that the channel reaches; a row without it is unreadable."""
    text = "phone,email\n+37126000001,anna@example.com\n,boriss@example.com\n"
    lines = read(tmp_path, text, channel="sms")

    assert told(lines) == [
        (2, ["+37126000001"], "new", "", ""),
        (3, [], "unreadable", "phone", "number_missing"),
    ]


@pytest.mark.parametrize(
    ("text", "stated", "code"),
    [
        ("+37126000001\n+37126000002\n", {}, "column_missing"),
        ("", {}, "file_empty"),
        ("PK\x03\x04", {}, "file_is_no_list"),
        ("phone\n\ufffd", {"form": "fax"}, "stop_format_unknown"),
        ("phone\n1", {"scope": "topic"}, "scope_unknown"),
        ("phone\n1", {"channel": "pigeon"}, "channel_without_address"),
        ("phone\n1", {"name": " "}, "name_invalid"),
        ("phone\n1", {"region": "XX"}, "country_unknown"),
        ("phone,telephone\n1,2", {}, "column_twice"),
        ("phone\n1", {"columns": {"mobile": "phone"}}, "column_unknown"),
    ],
)
def test_what_cant_be_read_as_a_whole_is_refused(tmp_path: Path, text: str, stated: dict[str, Any], code: str) -> None:
    """With a code; without a header the first line, a person, is not shown."""
    path = tmp_path / "stops.csv"
    path.write_text(text, encoding="utf-8")
    asked = StatedStops(**{"name": "Stops", **stated})

    with pytest.raises(Invalid) as refused:
        asked.check()
        open_stops(path, asked, AT)

    assert refused.value.code == code
    assert "26000001" not in str(refused.value)


def test_a_stated_format_goes_before_the_headers(tmp_path: Path) -> None:
    """As a stated column goes before its synonyms."""
    lines = read(
        tmp_path, "Reason,Channel,Date added,who\n1,email,,anna@example.com\n", form="csv", columns={"address": "who"}
    )

    assert told(lines) == [(2, ["anna@example.com"], "new", "", "")]
    assert format_of(["Reason", "Channel", "Date added", "who"]) == "mautic"


def test_no_word_means_both(tmp_path: Path) -> None:
    """And every reason that a line can have is said to people."""
    del tmp_path
    assert not OPT_OUTS & NO_OPT_OUTS
    assert {"status_missing", "status_unknown", "stop_channel_unknown", "stop_scope_unknown"} <= ROWS.keys()


@given(
    st.sampled_from(sorted(WORDS)),
    st.dictionaries(
        st.sampled_from(sorted({column for words in WORDS.values() for column in words.columns})),
        st.lists(st.text(max_size=12) | st.sampled_from(["+37126000001", "a@example.com", "stop", "1:email", "no"])),
    ),
)
def test_any_cells_say_something(form: Any, cells: dict[str, list[str]]) -> None:  # noqa: ANN401  # a format
    """Whatever stands in a row, it says one thing at least, over a channel we have or none."""
    words = words_of(form, cells)

    assert words
    assert {word.channel for word in words if word.is_opt_out} <= {"", "all", "whatsapp", "sms", "voice", "email"}


@DEAR
@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.sampled_from(["", "twilio", "onetrust", "mautic"])
)
def test_any_text_is_read_or_refused_and_lines_add_up(tmp_path_factory: Any, text: str, form: Any) -> None:  # noqa: ANN401
    """Nothing raises but a refusal; no moment lies after the import's; reasons are ones that people are told."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("phone,email,date,status,reason,channel,from,to\n" + text, encoding="utf-8", newline="")
    try:
        lines = list(open_stops(path, StatedStops(name="Stops", form=form), AT).lines())
    except Invalid as refused:
        assert refused.data["file"] == "any.csv"  # noqa: PT017  # a refusal is one of two good ends
        return
    assert all(said.at <= AT for one in lines for said in one.said)
    assert {one.reason for one in lines} - {""} <= ROWS.keys()


@DEAR
@given(st.integers(0, 2_500), st.integers(0, 2_600))
def test_slices_take_up_where_one_ended(count: int, after: int) -> None:
    """Each line behind one comes once, in its order, a thousand at most at a time."""
    lines = [Line(number) for number in range(2, count + 2)]
    parts = list(slices(iter(lines), after))

    assert [one.line for part in parts for one in part] == [one.line for one in lines if one.line > after]
    assert all(len(part) == 1_000 for part in parts[:-1])
    assert all(parts)


def test_a_persons_id_at_whatsapp_is_an_address(tmp_path: Path) -> None:
    """Over WhatsApp and over all channels, and over no other."""
    text = "address\nLV.13491208655302741918\n"

    assert [one.said[0].kind for one in read(tmp_path, text)] == ["scoped_id"]
    assert [one.said[0].kind for one in read(tmp_path, text, channel="whatsapp")] == ["scoped_id"]
    assert told(read(tmp_path, text, channel="sms")) == [(2, [], "unreadable", "phone", "number_missing")]


def test_a_cell_that_is_a_list_of_its_own_is_told_and_not_taken(tmp_path: Path) -> None:
    """A hundred stops a line are taken, more of them are no line."""
    cells = [" ".join(f"+3712600{place:04}" for place in range(count)) for count in (MOST_STOPS, MOST_STOPS + 1)]
    lines = read(tmp_path, "phone\n" + "\n".join(cells) + "\n")

    assert [len(one.said) for one in lines] == [MOST_STOPS, 0]
    assert told(lines)[1] == (3, [], "unreadable", "", "cell_too_long")


def test_slices_end_early_where_lines_say_many_stops() -> None:
    """So that no transaction holds more locks than a server has."""
    said = tuple(Said("phone", f"+3712600{place:04}", "all", "all", AT, is_dated=False) for place in range(100))
    parts = list(slices(iter([Line(number, said) for number in range(2, 27)])))

    assert [len(part) for part in parts] == [10, 10, 5]


def test_a_date_without_time_counts_to_its_end_everywhere(tmp_path: Path) -> None:
    """The latest moment that it can mean, and none after the import's."""
    lines = read(tmp_path, "phone,date\n+37126000001,2026-05-01\n+37126000002,2026-11-20\n")

    assert [one.said[0].at for one in lines] == [datetime(2026, 5, 2, 12, tzinfo=UTC), AT]
    assert AT - timedelta(days=1) < lines[1].said[0].at
