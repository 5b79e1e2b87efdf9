"""Saying: what the cells of a row say by the rules of its format: an opt-out or none, of which address and channel."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from backoffice.consent.stops.formats import NO_OPT_OUTS, OPT_OUTS, Format
from backoffice.contacts.addresses import KIND
from backoffice.contacts.cells import is_no
from backoffice.contacts.columns import squeezed

Cells = Mapping[str, Sequence[str]]
"""What stands in a row by our columns, empty cells left out; a column that the list lacks is absent."""

ADDRESSES = ("phone", "email", "address")
"""The columns that hold addresses."""

UNREACHABLE = "21610"  # Twilio's code for a recipient who had said stop
_KEYWORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
_CHANNELS = {"e-mail": "email", "mail": "email", "text": "sms", "phone": "voice", "call": "voice"}


class Word(NamedTuple):
    """What a row says: whether it is an opt-out, of which addresses, over which channel ("" for the default).

    An address is as written, with the column where it stands.

    `doubt` is the field that couldn't be read and why; what it left open was read the strict way.
    """

    is_opt_out: bool
    addresses: tuple[tuple[str, str], ...] = ()
    channel: str = ""
    doubt: tuple[str, str] = ("", "")


def words_of(form: Format, cells: Cells) -> tuple[Word, ...]:
    """Return what a row says, in one word or one a channel.

    >>> words_of("twilio", {"phone": ["+15005550006"], "status": ["opt-out"]})[0].is_opt_out
    True
    >>> cells = {"email": ["anna@example.com"], "pairs": ["1:email,0:sms"]}
    >>> [(word.is_opt_out, word.channel) for word in words_of("mautic", cells)]
    [(True, 'email'), (False, 'sms')]
    """
    return _READ[form](cells)


def _twilio(cells: Cells) -> tuple[Word, ...]:
    if "phone" in cells or not cells.keys() & {"from", "to"}:
        return (_stated(cells),)
    if cells.get("kind"):
        return (Word(squeezed(cells["kind"][0]) == "stop", _all(cells, "from")),)
    if cells.get("error"):
        return (Word(cells["error"][0] == UNREACHABLE, _all(cells, "to")),)
    is_inbound = squeezed(_one(cells, "direction")).startswith("inbound")
    is_stop = is_inbound and squeezed(_one(cells, "body")) in _KEYWORDS
    return (Word(is_stop, _all(cells, "from")),)


def _onetrust(cells: Cells) -> tuple[Word, ...]:
    return (_over(_stated(cells), _one(cells, "channel")),)


def _mautic(cells: Cells) -> tuple[Word, ...]:
    if "pairs" in cells and "reason" not in cells:
        pairs = [pair for cell in cells["pairs"] for pair in re.split(r"[,;|]", cell) if pair.strip()]
        return tuple(_pair(cells, *_parted(pair)) for pair in pairs) or (Word(is_opt_out=False),)
    return (_pair(cells, _one(cells, "reason"), _one(cells, "channel")),)


def _csv(cells: Cells) -> tuple[Word, ...]:
    said = [cell for column in ("flag", "date") for cell in cells.get(column, ())]
    is_asked = "flag" in cells or bool(said)  # a date may be left out, and who isn't flagged said nothing
    if is_asked and all(map(is_no, said)):
        return (Word(is_opt_out=False),)
    return (_over(_stated(cells), _one(cells, "channel")),)


def _stated(cells: Cells) -> Word:
    """Read what stands in columns of states: one opt-out among them is one, a word we don't know may be one."""
    said = [squeezed(cell) for cell in cells.get("status", ())]
    whole = Word(is_opt_out=True, addresses=_all(cells, *ADDRESSES))
    if any(word in OPT_OUTS for word in said) or "status" not in cells:
        return whole
    if said and all(word in NO_OPT_OUTS for word in said):
        return Word(is_opt_out=False)
    fault = "status_unknown" if said else "status_missing"
    return whole._replace(doubt=("status", fault))


def _pair(cells: Cells, reason: str, channel: str) -> Word:
    """Read one do-not-contact of a channel."""
    word = squeezed(reason)
    if word == "0" or word in NO_OPT_OUTS:
        return Word(is_opt_out=False, channel=channel.strip().lower())
    is_known = word in ("1", "2", "3") or any(part in word for part in ("unsub", "bounce", "manual"))
    doubt = ("", "") if is_known else ("reason", "status_unknown" if word else "status_missing")
    return _over(Word(is_opt_out=True, addresses=_all(cells, *ADDRESSES), doubt=doubt), channel)


def _parted(pair: str) -> tuple[str, str]:
    """Return reason and channel of a pair, whichever comes first."""
    one, _, other = (part.strip() for part in pair.partition(":"))
    return (other, one) if one.lower() in KIND else (one, other)


def _over(word: Word, channel: str) -> Word:
    """Put a row's channel to its word; of one that is none here, the stop is of all."""
    named = _CHANNELS.get(channel.strip().lower(), channel.strip().lower())
    if not word.is_opt_out or named in KIND or named in ("", "all"):
        return word._replace(channel=named)
    return word._replace(channel="all", doubt=word.doubt if word.doubt[1] else ("channel", "stop_channel_unknown"))


def _one(cells: Cells, column: str) -> str:
    return next(iter(cells.get(column, ())), "")


def _all(cells: Cells, *columns: str) -> tuple[tuple[str, str], ...]:
    return tuple((column, cell) for column in columns for cell in cells.get(column, ()))


_READ: dict[Format, Callable[[Cells], tuple[Word, ...]]] = {
    "twilio": _twilio,
    "onetrust": _onetrust,
    "mautic": _mautic,
    "csv": _csv,
}
