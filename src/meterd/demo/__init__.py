"""A made-up company, and what its AI gateway, agents and applications report: weeks of history, then live traffic.

All of it follows from a seed and the time at which the history ends. Names of products, models and people are invented,
and addresses are those that are reserved for examples.
"""
