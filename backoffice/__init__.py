"""Backoffice: the compliance and policy-enforcement back office of a messaging operator."""
