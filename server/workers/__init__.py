"""The worker process: what runs in it, how it is spoken to, what happens when it dies."""
