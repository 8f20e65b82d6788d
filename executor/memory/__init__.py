"""Memory of devices: who holds how much of it, what computing takes, and ways that fit."""
