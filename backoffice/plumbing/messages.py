"""The words of errors and of rejected rows: a sentence for every code, in every room.

Where it happened (file, line, field) is told beside the sentence, so no sentence repeats it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from backoffice.kernel.errors import BackofficeError

ROWS: dict[str, str] = {
    "cell_too_long": "A cell of the row is too long to be one.",
    "columns_count": "The row has more or fewer cells than the header.",
    "country_invalid": "A country is written with two letters, as in LV.",
    "country_unknown": "No country has these two letters.",
    "date_in_future": "The date lies after the moment for which the list is read.",
    "date_invalid": "The date can't be read in one way only. Write it as 2026-11-20 or 2026-11-20T09:00+02:00.",
    "email_invalid": "This can't be a mail address.",
    "email_missing": "The row has no mail address.",
    "nul_byte": "The row holds a NUL byte.",
    "number_ambiguous": "This can be read as more than one phone number. "
    "Write each number in a row of its own, with + and the country code.",
    "number_damaged": "A spreadsheet has turned the phone number into a formula or a fraction. "
    "Take it anew from where it was first recorded.",
    "number_emergency": "This is an emergency number.",
    "number_invalid": "This can't be a phone number.",
    "number_missing": "The row has no phone number.",
    "number_no_region": "The phone number has no country code, and no country is stated for it.",
    "number_short": "This is a short number. It works inside one country only and names nobody.",
    "person_type_invalid": "The type of person is natural, legal or named_at_legal.",
    "quote_misplaced": "A quotation mark stands inside a cell that is not quoted.",
    "quote_not_closed": "A quotation mark is opened and not closed.",
}
"""Why a row of a list is rejected; its other rows are judged all the same."""

LISTS: dict[str, str] = {
    "channel_without_address": "A list holds no addresses for the channel {channel}.",
    "column_missing": "No header means this column. The headers are: {headers}. State the one that holds it.",
    "column_twice": "More than one header means this column. The headers are: {headers}. State the one that holds it.",
    "column_unknown": "There is no such column. The columns are: {known}.",
    "encoding_invalid": "Byte {offset} can't be read as {tried}. State the file's encoding, one of: {may_be_stated}.",
    "encoding_unknown": "The encoding {encoding} can't be read. Save the file in one of: {known}.",
    "evidence_invalid": "What is stated of the list's consents can't be read: {why}.",
    "file_changed": "The file changed while it was read. Nothing was kept; read it again.",
    "file_empty": "The file is empty.",
    "file_is_no_list": "The file is of the kind {kind} and no list. Save it as CSV first.",
    "form_twice": "Two copies of forms have the same id.",
    "header_missing": "The list has no header.",
    "header_unreadable": "The header can't be read. {why}",
    "line_too_long": "A line is longer than {most} characters, so the file is no list.",
}
"""Why a list can't be read as a whole."""

COMMANDS: dict[str, str] = {
    "at_invalid": "{value} is no moment. Write it as 2026-11-20T09:00+02:00.",
    "at_without_zone": "{value} names no zone. Write the moment as 2026-11-20T09:00+02:00.",
    "channel_unknown": "{value} is no channel. The channels are: {known}.",
    "data_missing": "The folder of {folder} is not installed. It was looked for in: {looked_in}.",
    "demo_without_instant": "The demo's profile names no moment.",
    "fact_unknown": "There is no such fact.",
    "file_not_utf8": "The file is not UTF-8: byte {byte} can't be read.",
    "file_unreadable": "The file can't be read: {why}.",
    "file_unwritable": "The file can't be written: {why}.",
    "json_invalid": "The JSON can't be read: {why}.",
    "map_invalid": "{value} names no column. Write COLUMN=HEADER.",
    "out_is_read": "The lines would be written over what they are made from. Name another file.",
    "profile_pins_the_send": "A profile does not state this. It is stated where the list is judged.",
    "purpose_unknown": "{value} is no purpose. The purposes are: {known}.",
    "system_refuses": "The operating system refuses it: {why}.",
}
"""Why a command can't do what it was asked."""

POLICIES: dict[str, str] = {
    "base_twice": "Two bases have the same name.",
    "base_unknown": "The case {case} starts from {base}, and there is no such base.",
    "case_twice": "Two cases have the id {case}.",
    "id_twice": "The id stands twice.",
    "group_of_two_rules": "The group {group} holds another rule than that of {row}. What says the same is one rule.",
    "invokes_nothing": "The clause {clause} invokes {rows}, and there is no such row.",
    "clause_may_not_lift_law": "The clause {clause} lifts a row of law. A clause may only tighten the law.",
    "clause_unknown": "There is no clause {clause}.",
    "due_term_unclear": "{source} has to state just one such term on {on}, and it states: {known}.",
    "edition_unknown": "{operator} has no edition {edition}. The editions are: {known}.",
    "exception_names_what_it_lifts": "An exception has the mode allow and names the rows it lifts, and no other rule "
    "does. {rule} does not fit.",
    "exception_out_of_order": "The row {row} lifts {lifts}, which belongs to another legal order or does not exist.",
    "operator_unknown": "There is no operator {operator}. The operators are: {known}.",
    "policy_invalid": "The policy file can't be read: {why}.",
    "policy_not_toml": "The file is no valid TOML: {why}.",
    "primitive_refused": "The primitive {rule} is declared twice, or {question} is no question.",
    "row_unknown": "There is no row {row}.",
    "rule_defined_twice": "The rule {rule} is defined twice.",
    "rule_parameters": "The rule {rule} takes a parameter it may not take. A rule takes: {allowed}.",
    "rule_refused": "The policy language does not allow this: {why}.",
    "rule_takes_no_params": "The rule {rule} takes no parameters.",
    "rule_unknown": "There is no rule {rule} for the mode {mode}.",
    "rulebook_empty": "The edition {edition} of {operator} has no rules, or there is no law.",
    "rules_or_why": "{id} needs either rules or a sentence why it has none, and not both.",
    "scenario_pin_missing": "{case} does not say this, and it has to.",
    "scenario_zone_not_found": "The case {case} names the zone {zone}, and its number and address lead to others.",
    "setting_not_awaited": (
        "No rule of this clause leaves that open. A setting may only fill what the clause does not say."
    ),
    "setting_may_only_tighten": "The mode {mode} would loosen the clause. A setting may only tighten it.",
    "setting_unknown": "There is no such clause to be set.",
}
"""Why a policy file, a case or a setting refuses to load."""

KERNEL: dict[str, str] = {
    "calendar_date": "{value} is no date.",
    "calendar_date_in_wrong_year": "{date} stands under another year.",
    "calendar_date_twice": "{date} stands there twice.",
    "calendar_kind": "The kind of day given for {date} is none that calendars know.",
    "calendar_not_toml": "The calendar is no valid TOML: {detail}.",
    "calendar_row": "A day of the calendar can't be read: {detail}.",
    "calendar_table": "The calendar can't be read: {detail}.",
    "calendar_unknown": "There is no calendar {calendar}.",
    "calendar_worked_on": "{date} is no moved working day, so no day is worked for it.",
    "calendar_year_missing": "The calendar {calendar} has no year {year}.",
    "calendar_years": "A calendar needs at least one year, and each only once. It has: {years}.",
    "canonical_key": "A name in a record must be text, and one is a {type}.",
    "canonical_text": "The text can't be written as UTF-8: {detail}.",
    "canonical_type": "A value of the type {type} can't be recorded.",
    "clock_backwards": "A clock never goes back, and {value} would turn it back.",
    "currency_unknown_form": "{value} is no currency. Write its three ISO letters, as in EUR.",
    "instant_without_zone": "{value} names no zone.",
    "language_tag": "{value} is no language tag. Write it as lv or az-Latn.",
    "moment_needed": "A term in hours needs a moment to start from, and {value} is a day.",
    "money_amount_out_of_range": "The amount {amount} is too large to be money.",
    "money_currencies_differ": "{left} and {right} are different currencies and can't be compared or added.",
    "money_finer_than_minor_unit": "The amount {amount} is finer than the currency's smallest unit.",
    "money_not_decimal": "{value} is no exact amount.",
    "no_language_offered": "No language is offered to choose from.",
    "period_calendar_missing": "A period in the unit {unit} that counts or moves to working days needs a calendar.",
    "period_malformed": "The period can't be read: {detail}.",
    "period_never_rolls": "A period in the unit {unit} never moves to a working day.",
    "period_not_positive": "A period lasts at least one unit, and {n} is none.",
    "period_too_long": "A period of {n} units is too long to be meant.",
    "period_unknown_key": "A period has no such key.",
    "place_not_namespaced": "{place} may be a state or a country. Write a state as US-AZ.",
    "place_unknown": "There is no place {place}.",
    "table_incomplete": "The table leaves out these places or has them beyond need: {places}.",
    "table_missing": "The table is not there.",
    "table_unreadable": "The table can't be read: {reason}.",
    "zone_unknown": "There is no time zone {zone}.",
    "zones_missing": "No time zone is known for a place on {date}.",
}
"""Why a value is refused."""

MESSAGES: dict[str, str] = ROWS | LISTS | COMMANDS | POLICIES | KERNEL
"""A sentence for every code, with its data in braces."""


def error_text(error: BackofficeError, translate: Callable[[str], str] = str) -> str:
    """Say an error to a person; a code without a sentence is shown as it stands.

    >>> error_text(BackofficeError("clause_unknown", clause="x/5.2"))
    'There is no clause x/5.2.'
    """
    if error.code not in MESSAGES:
        return str(error)
    told = {name: _said(value, translate) for name, value in error.data.items()}
    return translate(MESSAGES[error.code]).format_map(defaultdict(lambda: "?", told))


def _said(value: object, translate: Callable[[str], str]) -> str:
    """Say a value: a list joined, a code by its own sentence."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return translate(MESSAGES[value]) if isinstance(value, str) and value in MESSAGES else str(value)
