"""How much a workflow may come to: in a file of its own, since what reads the editor's format loads late."""

MOST_NODES = 1_000_000
"""Nodes that a file may unfold to: a few subgraphs inside of each other, ten times each, make billions."""
