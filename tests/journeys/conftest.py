"""A short story to try things on."""

from __future__ import annotations

import pytest

from backoffice.plumbing.policies import read_scenario_files
from backoffice.policy.stories import is_story_file

SHORT = """
[[story]]
id = "short"
title = "A number that is unlinked sends nothing"
from = "lv-whatsapp-service"
at = 2025-09-02T10:00:00Z
zone = "Europe/Riga"
number = "+37126000001"
purpose = "service"
channel = "whatsapp"
provider_type = "official"
grade = "C"
account = { credits = 7 }
passes = ["incrm/2.12"]
stops = ["incrm/2.12"]

[[story.step]]
do = "send"
name = "first"
expect = { verdict = "allow", state = "queued", credits = 6 }

[[story.step]]
at = 2025-09-02T10:01:00Z
do = "deliver"
expect = { delivered = 1, states = { first = "sent" } }

[[story.step]]
do = "mark_number"
is_linked = false
expect = { entries = ["accounts:number:marked"] }

[[story.step]]
do = "send"
text = "Another"
expect = { verdict = "deny", only = ["incrm/2.12"], codes = ["sender_not_linked"], state = "denied" }
"""


@pytest.fixture(scope="session")
def bases() -> dict[str, str]:
    """The scenario files without any story."""
    return {file: text for file, text in read_scenario_files().items() if not is_story_file(file)}
