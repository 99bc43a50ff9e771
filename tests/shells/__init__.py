"""Completion in the real shells: a person at a terminal presses Tab."""
