"""AI Guard's meters, told to others: OneTrust, OpenTelemetry, Prometheus (`shared/spec/ai-guard.md` section 10)."""
