"""Benchmarks: `make bench` runs them all and rewrites RESULTS.md. Rates are compared within one run, as ratios."""
