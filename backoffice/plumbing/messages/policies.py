"""Policies: why a policy file, a case, a story or a setting refuses to load."""

from __future__ import annotations

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
    "phrase_unreadable": "The phrase «{phrase}» can't be read. Name its classes in the same file, put ~ only at the "
    "end of a word, and begin and end with a word.",
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
    "rehearsal_needs_sandbox": "Stories are played in the sandbox only. This install sends to real people.",
    "story_grade_not_reached": "The consent reaches the grade {reached}, and the story says {grade}.",
    "story_name_twice": "The name {name} is given twice to a thing of the kind {kind}.",
    "story_name_unknown": "Nothing of the kind {kind} is called {name} by then.",
    "story_runs_backwards": "A step of the story {story} lies before the one above it.",
    "story_without_steps": "The story {story} has no steps.",
}
"""Why a policy file, a case or a setting refuses to load."""
