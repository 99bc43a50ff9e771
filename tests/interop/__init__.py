"""Interop: servers and clients that nobody here wrote. `.ci/interop-env` makes what they need."""
