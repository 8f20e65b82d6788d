"""A run: what is left to do, who does it, and what it tells."""
