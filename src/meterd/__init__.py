"""meterd: a self-hosted metrics service for AI agents and LLM gateways."""

from meterd.version import __version__ as __version__
