"""Sessions of running applications, compatible with DataCat's server (`shared/spec/sessions.md`)."""
