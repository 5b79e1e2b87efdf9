"""The words facts and policy files choose from: closed lists, so that a misspelt one is refused."""

from __future__ import annotations

from typing import Literal

Channel = Literal["whatsapp", "sms", "email", "voice", "push"]
Purpose = Literal["marketing", "transactional", "service", "authentication"]
Grade = Literal["A", "B", "C", "D"]
ContentClass = Literal[
    "abuse",
    "adult",
    "ai_assistant",
    "alcohol",
    "alcohol_over_5",
    "crypto",
    "dating",
    "defamatory",
    "discriminatory",
    "disturbance",
    "drugs",
    "fraud",
    "gambling",
    "harassment",
    "harm",
    "illegal",
    "illegal_goods",
    "ip_infringement",
    "malware",
    "multi_level_marketing",
    "offensive",
    "otc_medicine",
    "payday_loans",
    "pornographic",
    "privacy_violation",
    "spam",
    "tobacco",
    "violent",
    "weapons",
]
Standing = Literal["applicant", "trial", "active", "suspended", "closed", "purged"]

Use = Literal["business", "personal", "household", "undeclared"]
Document = Literal["terms", "privacy", "dpa", "tariff", "further_policies", "integration_terms"]
Reason = Literal["list", "import", "account", "reply", "link", "portal", "complaint", "unclear", "staff"]
"""What an account is for, what it accepts, and how a stop was said, in the words of the rooms that own them."""
