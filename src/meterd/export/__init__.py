"""AI Guard's meters, told to others: OneTrust, OpenTelemetry, Prometheus (`docs/specifications/ai-guard.md` section
10).
"""
