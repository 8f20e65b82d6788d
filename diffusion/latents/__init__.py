"""Latents: their scale, their masks, and everything that is done to them outside of a network."""
