"""Content keys, and the results kept by them in memory and on the disk."""
