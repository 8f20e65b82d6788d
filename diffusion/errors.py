"""What goes wrong with a model file, as one exception type."""


class CheckpointError(ValueError):
    """A model file cannot be used; the message says what was seen, what is known, and what to do."""
