"""Sessions of running applications, compatible with DataCat's server (`docs/specifications/sessions.md`)."""
