"""Gateway metrics (`shared/spec/gateway-metrics-query.md`), and the ingest of their facts as JSON."""
