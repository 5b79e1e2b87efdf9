"""I/O tools that know no feature: where files are, and how they are read."""
