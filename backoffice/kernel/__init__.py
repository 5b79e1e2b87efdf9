"""Values and words: what every room may use, and nothing that reads or writes.

Pure: no file, no network, no clock but the one handed in. Data tables (holidays, numbers) are
TOML under `policies/` and are handed over as text.
"""
