"""The commands of `meterd`, a module for each, which is imported when its command is run.

A module has the name of its command, and `command`: the function that runs it, or a `Typer` with commands below it.
"""
