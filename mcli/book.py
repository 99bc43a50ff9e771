"""SHELL: what is written down of records, and what earlier runs wrote down.

Without a journal nothing is, and every record is new.
"""
