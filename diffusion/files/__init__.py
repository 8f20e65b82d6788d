"""Model files: what a file holds, reading it strictly, changing and writing models."""
