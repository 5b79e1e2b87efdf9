"""Meetings: who of some people is in a campaign that may still reach them; what those who import stops are told."""
