"""Settings: what an operator sets on clauses of its own Terms, beside them in `settings.toml` of their edition.

A setting fills what a clause leaves open, or makes one stricter; it never loosens. It is the operator's own choice, and
no part of what it published.

    [[setting]]
    source = "acme/5.2#3"
    params = { least = "PT1H" }
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from backoffice.kernel.errors import Invalid
from backoffice.policy.bound import Bound
from backoffice.policy.documents import convert

MODES = ("warn", "hold", "deny")  # from mild to strict; a setting may only tighten

_written = msgspec.json.Encoder().encode  # what it writes of a word, a number or a list is TOML too


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator sets on a clause of its own: an open parameter, or a stricter mode."""

    source: str
    mode: str = ""
    params: dict[str, Any] = {}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that an operator sets on one edition of its Terms."""

    setting: tuple[Setting, ...]


def laid_over(bounds: tuple[Bound, ...], settings: Iterable[Setting]) -> tuple[Bound, ...]:
    """Lay settings over the clauses: each fills what a rule of its clause awaits, or makes the clause stricter.

    Of two for one clause the later stands. Raises Invalid for a clause that isn't there, a parameter that is not left
    open, and whatever would loosen.
    """
    by_source = {setting.source: setting for setting in settings}
    for setting in by_source.values():
        awaited = {bound.awaits for bound in bounds if bound.source == setting.source and "/" in setting.source}
        if not awaited:
            raise Invalid("setting_unknown", field=setting.source)
        if strangers := setting.params.keys() - awaited:
            raise Invalid("setting_not_awaited", field=f"{setting.source}.{min(strangers)}")
    return tuple(_tightened(bound, by_source[bound.source]) if bound.source in by_source else bound for bound in bounds)


def written(settings: Iterable[Setting]) -> str:
    """Return settings as they stand in a file.

    >>> print(written([Setting(source="acme/5.2#3", params={"least": "PT1H"})]))
    [[setting]]
    source = "acme/5.2#3"
    mode = ""
    params = { least = "PT1H" }
    """
    return "\n\n".join(
        f"[[setting]]\nsource = {_told(one.source)}\nmode = {_told(one.mode)}\nparams = {_table(one.params)}"
        for one in settings
    )


def _table(params: dict[str, Any]) -> str:
    return f"{{ {', '.join(f'{name} = {_told(value)}' for name, value in params.items())} }}"


def _told(value: object) -> str:
    return _written(value).decode()


def _tightened(bound: Bound, setting: Setting) -> Bound:
    if bound.mode not in MODES or (setting.mode or bound.mode) not in MODES[MODES.index(bound.mode) :]:
        raise Invalid("setting_may_only_tighten", field=setting.source, mode=setting.mode)
    if setting.mode not in ("", bound.mode):
        citation = bound.citation.replace(" Terms ", " policy on Terms ")
        bound = msgspec.structs.replace(bound, mode=setting.mode, citation=citation)
    if bound.is_asleep and bound.awaits in setting.params and bound.rule.params is not None:
        given = {**bound.given, bound.awaits: setting.params[bound.awaits]}
        made = convert(bound.rule.params, given, "settings", "", f"$.{setting.source}")
        bound = msgspec.structs.replace(bound, params=made)
    return bound
