"""What the small languages share that people write: where a mistake is, a scanner, regular expressions."""
