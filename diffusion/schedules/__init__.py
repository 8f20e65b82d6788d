"""Noise levels: those of a model's training and of a run, and what a network's output means there."""
