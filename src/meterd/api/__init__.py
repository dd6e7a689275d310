"""The wire protocols, one package each: check who is calling, translate into facts or a query, translate back."""
