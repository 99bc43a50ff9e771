"""Measurements, run on demand and never as tests: ratios against a baseline of the same run."""
