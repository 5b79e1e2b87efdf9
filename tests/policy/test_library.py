"""Policy files are read strictly: what is wrong is refused with file, line and field."""

from __future__ import annotations

import pytest

from backoffice.kernel.errors import BackofficeError, Invalid, NotFound
from backoffice.plumbing.policies import policies_folder, read_policies
from backoffice.policy.library import Library
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.settings import Setting

FILES = read_policies(policies_folder())
LV = "jurisdictions/lv.toml"
NUMBER = FILES[LV].count("[[row]]")
LINES = FILES[LV].count("\n")
ROW = """
[[row]]
id = "LV-TEST-01"
topic = "test"
says = "A row."
citation = "none"
status = "in_force"
channels = ["sms"]
purposes = ["marketing"]
approved_by = "unreviewed"
rules = [{rules}]
"""


def refused(rules: str) -> Invalid:
    """Load the policies with one row more for Latvia and return why they are refused."""
    with pytest.raises(Invalid) as caught:
        Library({**FILES, LV: FILES[LV] + ROW.replace("{rules}", rules)})
    return caught.value


HOURS = 'rule = "quiet_hours", mode = "hold", params'
LATER = 'rule = "unclear_stop", mode = "hold"'
BARE = 'rule = "no_consent", mode = "deny", params = { least_grade = "D" }'
NOT_LIFTING = 'rule = "soft_opt_in", mode = "allow", params = { facts = [] }'


@pytest.mark.parametrize(
    ("rule", "code", "field"),
    [
        ('rule = "no_such_rule", mode = "deny"', "rule_unknown", ".rule"),
        ('rule = "opted_out", mode = "deny", misspelt = 1', "policy_invalid", ".misspelt"),
        ('rule = "opted_out", mode = "stop"', "policy_invalid", ".mode"),
        (HOURS + ' = { opens = "8" }', "policy_invalid", ".params.opens"),
        (HOURS + ' = { opnes = "08:00" }', "policy_invalid", ".params.opnes"),
        (LATER, "policy_invalid", ".params"),
        (LATER + ', params = { within = "-P1D" }', "policy_invalid", ".params"),
        (BARE, "policy_invalid", ".params.least_grade"),
        ('rule = "unregistered", mode = "deny", params = { a = 1 }', "rule_takes_no_params", ".params"),
        (NOT_LIFTING, "exception_names_what_it_lifts", ".lifts"),
    ],
)
def test_a_wrong_rule_is_refused_with_file_line_and_field(rule: str, code: str, field: str) -> None:
    """A lawyer who mistypes is told where."""
    wrong = refused("{ " + rule + " }")

    assert (wrong.code, wrong.data["file"], wrong.data["field"]) == (code, LV, f"row[{NUMBER}].rules[0]{field}")
    assert wrong.data["line"] == LINES + 11


def test_a_row_without_rules_says_why() -> None:
    """Nothing is left out in silence."""
    wrong = refused("")

    assert (wrong.code, wrong.data["field"]) == ("rules_or_why", f"row[{NUMBER}].rules")


def test_a_file_that_is_no_toml_is_refused_with_its_line() -> None:
    """The line of the broken text is named."""
    wrong = refused("[")

    assert (wrong.code, wrong.data["file"]) == ("policy_not_toml", LV)


def test_an_exception_may_not_reach_into_another_legal_order() -> None:
    """Latvia's law lifts nothing of America's."""
    lifting = '{ rule = "soft_opt_in", mode = "allow", lifts = ["US-TC-01"], params = { facts = ["own_customer"] } }'

    assert refused(lifting).code == "exception_out_of_order"


def test_terms_without_a_clause_make_no_rulebook() -> None:
    """An empty rulebook is an error, not permission."""
    file = "operators/isend/import-1/clauses.toml"
    empty = 'operator = "isend"\nedition = "import-1"\nlanguage = "en"\nclause = []\n'

    with pytest.raises(Invalid, match="rulebook_empty"):
        Rulebook(Library({**FILES, file: empty}), "isend")


def test_an_unknown_operator_is_told_the_known_ones() -> None:
    """The message helps."""
    with pytest.raises(NotFound) as unknown:
        Library(FILES).terms("nobody")

    assert "isend" in str(unknown.value)


def test_a_setting_may_only_tighten() -> None:
    """What a clause denies, no setting lets through."""
    library = Library(FILES)
    denying = next(bound for bound in library.clauses("isend") if bound.mode == "deny")

    with pytest.raises(BackofficeError, match="setting_may_only_tighten"):
        Rulebook(library, "isend", settings=[Setting(source=denying.source, mode="warn")])


def test_a_rulebook_is_named_by_everything_that_can_change_a_verdict() -> None:
    """Another hour, another calendar day or another clause makes another name; the same files the same."""
    us = "jurisdictions/us-fl.toml"
    later = {**FILES, us: FILES[us].replace("20:00", "19:00")}
    calendar = {**FILES, "calendars/us-pa.toml": FILES["calendars/us-pa.toml"] + "\n# touched\n"}

    names = [Rulebook(Library(files), "isend").name for files in (FILES, FILES, later, calendar)]

    assert names[0] == names[1]
    assert len(set(names)) == 3


SET = "operators/isend/import-1/settings.toml"


def test_what_an_operator_sets_is_in_force_and_in_the_rulebooks_name() -> None:
    """It stands in a file beside the clauses; what sleeps without it, acts, and the rulebook has another name."""
    text = '[[setting]]\nsource = "isend/5.2#3"\nparams = { least = "PT1H" }\n'
    plain, hourly = Library(FILES), Library({**FILES, SET: text})
    daily = Library({**FILES, SET: text.replace("PT1H", "PT24H")})

    books = [Rulebook(library, "isend") for library in (plain, hourly, daily)]

    assert [book.bound("isend/5.2#3", 0).is_asleep for book in books] == [True, False, False]
    assert len({book.name for book in books}) == 3
    assert Rulebook(plain, "isend", settings=hourly.settings("isend")).name == books[1].name
    assert Rulebook(hourly, "isend", settings=()).name == books[0].name


def test_settings_are_written_as_they_are_read() -> None:
    """So that a rulebook can be kept with what was set when it decided."""
    settings = (
        Setting(source="isend/5.2#3", params={"least": "PT1H"}),
        Setting(source="isend/5.2#1", mode="deny"),
    )

    assert Library(FILES).setting("isend", "", settings).settings("isend") == settings


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('[[setting]]\nsource = "isend/9.9"\n', "setting_unknown", 1),
        ('[[setting]]\nsource = "EU-CONS-01"\nmode = "deny"\n', "setting_unknown", 1),
        ('[[setting]]\nsource = "isend/5.2#1"\nparams = { most = 9 }\n', "setting_not_awaited", 1),
        ('[[setting]]\nsource = "isend/5.2#3"\nparams = { least = "soon" }\n', "policy_invalid", 1),
        ('[[setting]]\nsource = "isend/5.2#3"\nmodus = "deny"\n', "policy_invalid", 3),
        ('[[setting]]\nsource = "isend/5.2#1"\n\n[[setting]]\nsource = "isend/5.2#1"\n', "id_twice", None),
    ],
)
def test_settings_that_can_not_be_laid_refuse_to_load(text: str, code: str, line: int | None) -> None:
    """With the file they stand in."""
    with pytest.raises(Invalid) as refused:
        Library({**FILES, SET: text})

    assert (refused.value.code, refused.value.data["file"], refused.value.data.get("line")) == (code, SET, line)


def test_settings_of_no_edition_refuse_to_load() -> None:
    """A misspelt folder would set nothing, and nobody would know."""
    with pytest.raises(NotFound, match="edition_unknown"):
        Library({**FILES, "operators/isend/import-2/settings.toml": "setting = []\n"})


def test_a_setting_may_only_fill_what_its_clause_leaves_open() -> None:
    """No operator widens its own published limit by a setting."""
    wider = Setting(source="isend/5.2#1", params={"most": 100_000})

    with pytest.raises(Invalid, match="setting_not_awaited"):
        Rulebook(Library(FILES), "isend", settings=[wider])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('channels = ["sms"]', 'channels = ["smss"]', "policy_invalid"),
        ('purposes = ["marketing"]', 'purposes = ["ads"]', "policy_invalid"),
        ('id = "LV-TEST-01"', 'id = "EU-EPR-01"', "id_twice"),
        ('mode = "deny" }', 'mode = "deny", same_as = "headers" }', "group_of_two_rules"),
        ('mode = "deny" }', 'mode = "deny", places = ["XX"] }', "place_unknown"),
    ],
)
def test_a_row_that_would_never_speak_or_speak_twice_is_refused(old: str, new: str, code: str) -> None:
    """A misspelt channel would be a rule that no message ever meets."""
    text = FILES[LV] + ROW.replace("{rules}", '{ rule = "opted_out", mode = "deny" }').replace(old, new)

    with pytest.raises(Invalid, match=code):
        Library({**FILES, LV: text})


@pytest.mark.parametrize("phrase", ["stop {them}", "... stop", "stop ...", "st~op", "stop.", "", "stop  now", "{write"])
def test_words_of_replies_are_read_strictly(phrase: str) -> None:
    """A class there isn't, an ending inside a word or a gap at an end would never be found."""
    file = "replies/en.toml"
    with pytest.raises(Invalid) as caught:
        Library({**FILES, file: FILES[file].replace("stop_alone = [", f'stop_alone = ["{phrase}", ')})

    assert caught.value.code == "phrase_unreadable"
    assert {"file": file, "field": "stop_alone"}.items() <= caught.value.data.items()


def test_replies_have_no_list_that_nobody_reads() -> None:
    """A list whose name is mistyped is refused, and not left out."""
    file = "replies/en.toml"
    with pytest.raises(Invalid, match="policy_invalid"):
        Library({**FILES, file: FILES[file].replace("stop_alone", "stops_alone")})


def test_every_language_has_words_of_its_own() -> None:
    """The six, and those that are no language's."""
    assert {words.language for words in Library(FILES).replies} == {"any", "az", "de", "en", "es", "lv", "ru"}
