"""The limits that processes and machines share, held from the arithmetic to real processes."""
