"""EDGE: what `mcli doctor` looks at, a module for each group of checks.

finding      what a check found: ok, a warning or a problem, and what to do
configuring  the file, the environment, the profile
keying       where the key comes from, and whether it looks like one
addressing   the base URL, and the model among those that are listed
proxying     which proxy is used
network      the name, the connection, TLS
service      the list of models: is the key accepted, what time is it there
folders      what is kept between runs, the ledger and the budget
machine      this program, the terminal, the tokenizer, shell completion
probes       what an endpoint can do: requests, and what the answers prove
probing      sends them
examination  all of it, in order
"""
