"""Lists: why a row is rejected, and why a list can't be read."""

from __future__ import annotations

ROWS: dict[str, str] = {
    "cell_too_long": "A cell of the row is too long to be one.",
    "columns_count": "The row has more or fewer cells than the header.",
    "country_invalid": "A country is written with two letters, as in LV.",
    "country_unknown": "No country has these two letters.",
    "date_in_future": "The date lies after the moment at which it is read.",
    "date_invalid": "The date can't be read in one way only. Write it as 2026-11-20 or 2026-11-20T09:00+02:00.",
    "date_too_early": "The date is from before 1971: programs write so where they know none. Leave it empty.",
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
    "status_missing": "The row does not say whether the person opted out. It was taken as a stop.",
    "status_unknown": "This word says neither that the person opted out nor that they did not. It was taken as a stop.",
    "stop_channel_unknown": "There is no such channel here. The stop was taken for all channels.",
    "stop_scope_unknown": "There is no such scope of a stop. It was taken for everything.",
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
