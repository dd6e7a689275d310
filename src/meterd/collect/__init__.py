"""Collectors: programs that fetch samples from elsewhere and hand them to a meterd server.

Stands alone: nothing of the server is imported, what is collected goes through `meterd.client`. `docs/usage-sources.md`
is its manual.
"""
