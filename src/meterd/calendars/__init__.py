"""Calendars, ranges of time and date rules; usable without the server (`shared/spec/usage-metrics.md` 10 and 12)."""
