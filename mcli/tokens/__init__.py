"""EDGE: text measured in tokens, offline; the only owner of tiktoken and of its vocabularies."""
