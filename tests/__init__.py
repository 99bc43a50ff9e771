"""Tests mirror mcli/; the program is run as people run it, against servers on the loopback."""
