"""Jobs: how they are taken in and queued, and how the wire shows them."""
