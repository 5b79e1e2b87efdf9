"""The questions policy answers: the closed list, the facts each takes, and who asks it.

Every primitive answers one question. Rules of `may_send` are functions and judge a send here and now; the
other primitives are declared with typed parameters, so that every clause and row is in force as data, and the
room named below asks them. A new behaviour from a Term is a parameter or a primitive, never an `if` on an
operator.

may_send        | account, message, recipient  | relay             | may this message go to this person now
may_register    | applicant                    | accounts          | may this person or firm open an account
must_accept     | account, edition             | terms             | which documents must be accepted, and how
takes_effect    | edition, notice              | terms             | when does a change of Terms or price bind
propose         | account, ground              | cases             | which measure does a breach allow
may_transfer    | account, consent             | accounts          | may an account or its use pass to another
may_access      | staff, reason                | staff             | may staff open customer data
may_disclose    | recipient of data, ground    | staff             | may data leave to a third party
what_price      | account, tariff, period      | billing           | what is owed, when, in which money
may_refund      | payment, ground              | billing           | does money come back
credit_terms    | lot, top-up                  | billing           | how credits are spent, kept and lost
invoice_terms   | seller, buyer, supply        | billing           | what an invoice must say, and by when
due_by          | source, event, zone          | policy.dates      | by when must something be done
keep_for        | data class, event            | subject_requests  | how long is data kept, and what ends it
must_answer     | subject request              | subject_requests  | what an answer to a person must hold
consent_terms   | consent                      | consent           | what ends or bounds a consent of an account user
must_notify     | event, audience              | notices           | who is told, how, how early
claim_steps     | claim, dispute               | cases             | the steps and terms of a complaint
offers          | operator                     | portal            | which functions and channels are promised
service_level   | incident, ticket             | reporting         | which level of service is promised
is_recorded     | act                          | audit             | what must be kept as evidence
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from backoffice.kernel.errors import Invalid
from backoffice.policy.language import Params

P = TypeVar("P", bound=Params)

QUESTIONS: frozenset[str] = frozenset(re.findall(r"^(\w+) +\|", __doc__, re.MULTILINE))

DECLARED: dict[str, type[Params]] = {}
ASKED: dict[str, str] = {}


def answers(question: str) -> Callable[[type[P]], type[P]]:
    """Declare a primitive that is no rule of the gate: typed parameters that answer `question`."""

    def register(params: type[P]) -> type[P]:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", params.__name__).lower()
        if question not in QUESTIONS or name in DECLARED:
            raise Invalid("primitive_refused", rule=name, question=question)
        DECLARED[name], ASKED[name] = params, question
        return params

    return register
