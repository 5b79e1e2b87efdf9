"""The rules of `may_send`: what may stand between a message and a person.

A rule's name is the code of its reason, so it names the obstacle: `no_consent`, `opted_out`, `quiet_hours`.
Importing this package registers every rule.
"""

from backoffice.policy.primitives.gate import account, consent, content, hours, money, provider, recipient

__all__ = ["account", "consent", "content", "hours", "money", "provider", "recipient"]
