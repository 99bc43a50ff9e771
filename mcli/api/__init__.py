"""EDGE: the wire and nothing else."""
