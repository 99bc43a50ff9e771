"""The faulty server, the catalogue of faults, and the checks that hold for every one of them.

`server` speaks bytes, `scenes` are replies in words, `catalogue` is the table (one row a case),
`oracles` say what must hold on every row, `test_catalogue` runs the real program against all.
"""
