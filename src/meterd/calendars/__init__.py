"""Calendars, ranges of time and date rules; usable without the server (`docs/specifications/usage-metrics.md` 10 and
12).
"""
