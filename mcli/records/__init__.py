"""CORE: the records of a batch: bytes in any pieces to records, and what became of one to bytes."""
