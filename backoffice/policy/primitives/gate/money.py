"""What is paid for: trial, prepaid span, credits."""

from __future__ import annotations

from backoffice.policy.facts import Account, Message
from backoffice.policy.language import rule


@rule
def trial_over(account: Account, message: Message) -> bool:
    """The trial has ended and no paid plan follows it."""
    return message.at >= account.trial_until and not account.has_paid_plan


@rule
def plan_over(account: Account, message: Message) -> bool:
    """A plan was bought, the trial is over, and no paid cycle runs now."""
    return (
        message.at >= account.trial_until
        and account.has_paid_plan
        and not account.paid_from <= message.at < account.paid_until
    )


@rule
def outside_paid_span(account: Account, message: Message) -> bool:
    """The moment lies outside what is paid in full."""
    return not account.paid_from <= message.at < account.paid_until


@rule
def out_of_credits(account: Account) -> bool:
    """No credit is left that this message could be debited from."""
    return account.credits < 1
