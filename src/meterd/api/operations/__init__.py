"""Health, the service's own metrics, and the documentation of the API."""
