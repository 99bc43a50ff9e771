"""Targets for a coverage-guided fuzzer, run by `.ci/fuzz` and by nothing else: they need atheris.

Each is a program that feeds mutated bytes to one part of the wire and asserts what must hold for
any; whatever else escapes is a find. `corpus/` has the seeds, `words` what mutations are made of.
"""
