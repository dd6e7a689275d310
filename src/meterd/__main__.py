"""`python -m meterd` is the `meterd` command."""

import sys

from meterd.starting import end_on_signals


def main() -> None:
    """Entry point. Importing the command takes a second, in which a service can be stopped already."""
    if sys.argv[1:2] == ["serve"]:
        end_on_signals()
    from meterd.cli import main as command

    command()


if __name__ == "__main__":
    main()
