"""mcli: chat completions you can put in a script."""

__version__ = "0.1.0"
