"""The store on ClickHouse: a server, a cluster, or the engine within this process (`docs/clickhouse.md`).

Needs the extra `clickhouse`; nothing here is imported before the settings name it.
"""
