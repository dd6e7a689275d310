"""Sessions of a running application: its state, events and metrics, delivered in the background."""
