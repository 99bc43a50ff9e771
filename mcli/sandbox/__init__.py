"""EDGE: a local server that speaks the Chat Completions API: no key, no bill, no network.

    server      HTTP: routes, streaming, what a bad day does to a reply
    bodies      a request's body off the wire, within limits
    prompts     body -> Prompt, or what is wrong with it
    replies     Prompt -> text, finish reason and usage, in the API's shapes
    answers     Prompt -> text, honest about what it is
    certainty   the log-probabilities of a text
    choosing    a label of a closed set
    facts       the fields of a text
    snippets    a fenced block of code
    values      JSON Schema -> a value that fits
    patterns    regular expression -> a text that matches
    rehearsal   which requests fail, and how
    child       a command run with the server up

All but `server`, `bodies` and `child` are pure: the same body gets the same text.
"""
