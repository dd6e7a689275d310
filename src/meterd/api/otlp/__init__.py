"""OpenTelemetry over HTTP (`shared/spec/ingest-sources.md` section 2)."""
