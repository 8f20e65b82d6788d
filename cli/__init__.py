"""inkloom.cli."""
