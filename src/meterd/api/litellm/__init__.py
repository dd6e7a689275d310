"""LiteLLM's generic API callback (`shared/spec/ingest-sources.md` section 1)."""
