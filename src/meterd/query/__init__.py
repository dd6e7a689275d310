"""The one way to ask: a `Query` over a dataset, compiled to SQL, bounded, and limited to what its caller may see."""
