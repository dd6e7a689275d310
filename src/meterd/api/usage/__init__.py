"""Usage metrics: the wire protocol of OpenDataDSL's metric features (`shared/spec/usage-metrics.md`)."""
