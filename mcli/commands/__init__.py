"""FLAGS: one file a command: declare flags, build values, make one call."""
