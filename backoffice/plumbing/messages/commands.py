"""Commands: why one can't do what it was asked."""

from __future__ import annotations

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
    "api_away": "The service at {url} does not answer ({why}). See that it runs, and try again.",
    "api_key_missing": "No API key is set. Put the account's key into this variable.",
    "api_refuses": "The service refuses it. {why}",
    "api_url_invalid": "This can't be the address of a service. Write it as http://127.0.0.1:8000.",
    "demo_runs_already": "A demo runs in {folder} already. Let it end first.",
    "port_refused": "Nothing can listen on {host}, port {port}: {why}. Choose another port.",
}
"""Why a command can't do what it was asked."""
