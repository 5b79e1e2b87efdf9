"""Benches are run by `make bench` and need engines that tests don't: none of their modules is collected."""

from __future__ import annotations

collect_ignore_glob = ["*.py"]
