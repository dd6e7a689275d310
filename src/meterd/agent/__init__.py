"""The local agent: applications hand it their session telemetry, it keeps it until a meterd server has it.

Compatible with DataCat's daemon (`docs/specifications/sessions.md` section 8). Stands alone and imports little: it has
to
answer within a second of its start. `docs/agent.md` is its manual.
"""
