"""`mcli doctor`: its verdicts by tables, and each trouble from outside."""
