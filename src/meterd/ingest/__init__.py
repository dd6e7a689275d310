"""From a request to the store: recorder (group commit), journal (on disk), loader (into the store)."""
