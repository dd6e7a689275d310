"""AI Guard (`docs/specifications/ai-guard.md`)."""
