"""Several processes that serve one address: a parent that keeps them at work, and what they tell one another
(`docs/decisions/0045-workers.md`).
"""
