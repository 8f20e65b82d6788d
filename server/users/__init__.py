"""Whom a request belongs to, and what the server keeps for them."""
