"""Websocket clients: who is connected, what each is told, and how a run is told."""
