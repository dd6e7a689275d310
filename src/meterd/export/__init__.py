"""AI Guard's meters, and what else is declared in `families`, for others: OneTrust, OpenTelemetry, Prometheus
(`docs/specifications/ai-guard.md` section 10).
"""
