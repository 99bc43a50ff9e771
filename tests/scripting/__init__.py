"""The examples of `mcli help scripting`, taken from the page and run by the tools they are for."""
