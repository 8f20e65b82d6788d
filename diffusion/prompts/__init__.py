"""Prompts: from text with its notation to rows of tokens, weights and vectors."""
