"""Guidance: what is made of a model's estimates under several conditionings, and rules that change it."""
