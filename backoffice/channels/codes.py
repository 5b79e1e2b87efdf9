"""Error codes of the WhatsApp Cloud API, one by one: what each means for the message, and what it says of whom.

A code that isn't listed means `never`: what nobody has read the meaning of is not tried again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backoffice.channels.port import Kind

Of = Literal["message", "person", "template", "number", "channel"]
"""What an error is about: this message alone · this person · the template · our number · the whole provider."""


class Meaning(NamedTuple):
    """What a code means for the message, and what it is about; `wait` is how long the provider asks to wait."""

    kind: Kind
    of: Of
    wait: timedelta | None = None


NUMBER_THROUGHPUT = 130429  # too many a second from this sender
PAIR_LIMIT = 131056  # too many from this sender to this person
OPTED_OUT = 131050  # the person stopped marketing of this business
NOT_ON_CHANNEL = 131026  # undeliverable: no account there, an old program, its terms not accepted
WITHHELD = 131049  # the provider's own cap of marketing to one person
WINDOW_SHUT = 131047  # more than 24 hours since the person wrote: only a template may go
TEMPLATE_DISABLED = 132016
UNAVAILABLE = 131016  # the service is away for a while

_DAY, _PAIR = timedelta(hours=24), timedelta(seconds=6)

MEANINGS: Mapping[int, Meaning] = {
    # whoever runs the number has to mend something; its queue stays
    **dict.fromkeys((0, 3, 10, 190, *range(200, 300)), Meaning("halt_sender", "number")),  # key or permission
    131042: Meaning("halt_sender", "number"),  # payment
    131048: Meaning("halt_sender", "number"),  # spam limit of the number
    131064: Meaning("halt_sender", "number"),  # limited for templates of the wrong category
    368: Meaning("halt_sender", "number"),  # the account broke a policy
    131031: Meaning("halt_sender", "number"),  # the account is locked
    130497: Meaning("halt_sender", "person"),  # the account may not write to this person's country
    # too fast, or away: later
    4: Meaning("retry", "channel"),  # calls of the program
    80007: Meaning("retry", "channel"),  # calls of the business
    NUMBER_THROUGHPUT: Meaning("retry", "number"),
    PAIR_LIMIT: Meaning("retry", "person", _PAIR),
    WITHHELD: Meaning("retry", "person", _DAY),
    1: Meaning("retry", "message"),  # unknown
    2: Meaning("retry", "channel"),  # away for a while
    131000: Meaning("retry", "message"),  # something went wrong
    UNAVAILABLE: Meaning("retry", "channel"),
    133004: Meaning("retry", "channel"),  # the server is away
    # the person
    OPTED_OUT: Meaning("suppress", "person"),
    NOT_ON_CHANNEL: Meaning("never", "person"),
    130472: Meaning("never", "person"),  # in an experiment: marketing doesn't reach them
    # the gate should have known
    WINDOW_SHUT: Meaning("never", "message"),
    # the template, until it is mended
    132015: Meaning("halt_template", "template"),  # paused
    TEMPLATE_DISABLED: Meaning("halt_template", "template"),
    **dict.fromkeys((132000, 132001, 132005, 132007, 132008, 132012), Meaning("never", "template")),
    # the number can't do this
    **dict.fromkeys((131037, 131045, 131062, 131063, 137000), Meaning("never", "message")),
    # the request was wrong
    **dict.fromkeys((100, 131008, 131009, 131021, 131030, 131051, 131052, 131053), Meaning("never", "message")),
}
"""Each code that is known, with its meaning."""

OF_PERSON = frozenset(code for code, meaning in MEANINGS.items() if meaning.of == "person")
"""Codes that say something of the person; the next send to this person is judged by them (PL-WA-05, PL-WA-11)."""

OF_CHANNEL = frozenset(code for code, meaning in MEANINGS.items() if meaning.of == "channel")
"""Codes that say the provider as a whole wants nothing now."""

LEAST_WAIT: Mapping[int, timedelta] = {code: meaning.wait for code, meaning in MEANINGS.items() if meaning.wait}
"""How long the provider asks to wait where its answer doesn't say."""

_UNKNOWN = Meaning("never", "message")


def kind_of(code: int) -> Kind:
    """Return what an error code means for its message.

    >>> kind_of(131056), kind_of(131050), kind_of(190), kind_of(132015), kind_of(999)
    ('retry', 'suppress', 'halt_sender', 'halt_template', 'never')
    """
    return MEANINGS.get(code, _UNKNOWN).kind
