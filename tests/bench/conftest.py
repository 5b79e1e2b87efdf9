"""Benches are run by `make bench` and need engines that tests don't: only their arithmetic is collected."""

from __future__ import annotations

collect_ignore_glob = ["[!f]*.py"]
