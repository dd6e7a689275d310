"""Gateway metrics (`docs/specifications/gateway-metrics-query.md`), and the ingest of their facts as JSON."""
