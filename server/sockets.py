"""GET /ws: one client's connection."""

import uuid

from aiohttp import web

from .clients import MAX_FRAME, Client
from .messages import executing_again, status
from .state import SERVER


async def websocket(request: web.Request) -> web.WebSocketResponse:
    """Serve a client until it goes: its queue status first, then what happens to its jobs."""
    server = request.app[SERVER]
    socket = web.WebSocketResponse(max_msg_size=MAX_FRAME, heartbeat=30.0)
    await socket.prepare(request)
    sid = request.query.get("clientId") or uuid.uuid4().hex
    client = Client(socket)
    server.clients.join(sid, client)
    try:
        client.send(status(server.jobs.remaining, sid))
        if node := server.dispatcher.current_node(sid):
            client.send(executing_again(node))
        await client.serve()
    finally:
        server.clients.leave(sid, client)
    return socket
