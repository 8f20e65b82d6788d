"""inkloom.server."""
