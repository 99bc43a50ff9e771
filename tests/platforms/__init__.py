"""Other operating systems, as far as they can be put on here."""
