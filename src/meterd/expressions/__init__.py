"""Parts that the small languages share: positions of mistakes, a scanner, regular expressions."""
