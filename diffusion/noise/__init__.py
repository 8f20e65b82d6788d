"""Noise that depends on a seed and on nothing else."""
