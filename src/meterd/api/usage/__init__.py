"""Usage metrics: the wire protocol of OpenDataDSL's metric features (`docs/specifications/usage-metrics.md`)."""
