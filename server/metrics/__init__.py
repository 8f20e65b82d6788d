"""What the server counts while it works, and how Prometheus is told."""
