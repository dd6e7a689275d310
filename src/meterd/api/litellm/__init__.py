"""LiteLLM's generic API callback (`docs/specifications/ingest-sources.md` section 1)."""
