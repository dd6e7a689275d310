"""Moves all that is kept from one installation to another, by files that any other tool reads too."""
