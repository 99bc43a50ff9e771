"""The sandbox: pure parts by tables and properties, the server over real sockets, `run_with` by
processes that become something else.
"""
