"""The version of meterd, and of its client, which are released together."""

__version__ = "0.1.0"
