"""AI Guard (`shared/spec/ai-guard.md`)."""
