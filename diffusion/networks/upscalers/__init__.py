"""Networks that make pictures larger, or of the same size and cleaner."""
