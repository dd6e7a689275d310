"""OpenTelemetry over HTTP (`docs/specifications/ingest-sources.md` section 2)."""
