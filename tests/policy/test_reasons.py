"""Reasons in words: every rule, every fact and every verdict has words that people can act on."""

from __future__ import annotations

import re

import msgspec
import pytest

from backoffice.policy import facts, primitives
from backoffice.policy.language import RULES
from backoffice.policy.program import STRICTNESS
from backoffice.policy.reasons import (
    FACT_NAMES,
    GRADES,
    NO_COMMON_WINDOW,
    TEXTS,
    VERDICTS,
    gap_text,
    no_pack_text,
)

assert primitives  # registers the rules

STOPPING = sorted(name for name, rule in RULES.items() if not rule.may_lift)
SENTENCES = re.compile(r"[A-Z][^.]*\.(?: [A-Z][^.]*\.)?")
CLASSIFIERS = {"promotional", "marketing_template", "leads_to_paid_content"}


def stated(kind: type[msgspec.Struct]) -> set[str]:
    """Return the names of one record's facts, as gaps name them."""
    return {f"{kind.__name__.lower()}.{field}" for field in kind.__struct_fields__}


def test_every_rule_has_words_and_no_words_lack_a_rule() -> None:
    """A rule's name is the code of its reason; exceptions and classifiers have words too."""
    assert set(TEXTS) == set(RULES)


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_reason_is_one_or_two_short_sentences(code: str) -> None:
    """Each sentence begins with a capital and ends with a full stop; a remedy keeps to the same."""
    text = TEXTS[code]

    assert SENTENCES.fullmatch(text.says)
    assert len(text.says) <= 200
    assert not text.remedy or SENTENCES.fullmatch(text.remedy)


@pytest.mark.parametrize("code", STOPPING)
def test_where_the_account_can_do_nothing_the_reason_says_who_can(code: str) -> None:
    """The person, the provider, staff or time; or the law knows no exception."""
    text = TEXTS[code]

    assert text.remedy or re.search(r"\bOnly\b|\bStaff\b|The law knows no exception", text.says)


def test_an_exception_asks_for_nothing() -> None:
    """What lifts a rule needs no remedy."""
    assert [name for name, rule in RULES.items() if rule.may_lift and TEXTS[name].remedy] == []


@pytest.mark.parametrize("code", sorted(CLASSIFIERS))
def test_a_classifier_says_that_the_message_counts_as_marketing(code: str) -> None:
    """Its reason explains the purpose that was judged."""
    assert TEXTS[code].says.endswith("counts as marketing.")


def test_every_fact_of_the_facts_page_has_a_name() -> None:
    """Any fact may be the one that nobody stated."""
    assert set(FACT_NAMES) == stated(facts.Account) | stated(facts.Message) | stated(facts.Recipient)


@pytest.mark.parametrize("fact", sorted(FACT_NAMES))
def test_a_gap_reads_as_one_sentence(fact: str) -> None:
    """A fact's name fits behind "Nobody has stated"."""
    assert re.fullmatch(
        r"Nobody has stated (?:the|whether|which|when|where|what|how|in which|from when|until when) .*[^.]\.",
        gap_text(fact),
    )


def test_a_gap_is_told_in_the_readers_language() -> None:
    """The sentence and the fact's name are translated apart."""
    words = {"Nobody has stated {fact}.": "Nav norādīts: {fact}.", "the account's standing": "konta statuss"}

    assert gap_text("account.standing", words.__getitem__) == "Nav norādīts: konta statuss."


def test_countries_without_a_law_pack_are_named() -> None:
    """Every one of them, by its two letters."""
    assert no_pack_text(["CN", "IN"]).startswith("No law pack for CN, IN:")


def test_every_verdict_and_grade_has_its_words() -> None:
    """From allow to deny, from A to D, and no consent at all."""
    assert tuple(VERDICTS) == STRICTNESS
    assert list(GRADES) == ["A", "B", "C", "D", "none"]
    assert all([*VERDICTS.values(), *GRADES.values()])


def test_where_no_moment_is_open_people_decide() -> None:
    """No remedy is promised, and the reason names who decides."""
    assert NO_COMMON_WINDOW.remedy == ""
    assert NO_COMMON_WINDOW.says.endswith("Staff decide.")
