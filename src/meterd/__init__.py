"""meterd: a self-hosted metrics service for AI agents and LLM gateways."""

__version__ = "0.1.0"
