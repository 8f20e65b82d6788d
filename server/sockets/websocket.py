"""GET /ws: one client's connection."""

import asyncio
import logging
import uuid

from aiohttp import web

from ..access.connections import address_of
from ..access.guard import identity_of
from ..access.users import UsersError
from ..refusals import refused
from ..state import SERVER, Server
from .clients import Client, Guest
from .messages import executing_again, status

LOOK = 1.0
"""Seconds between two looks whether those who are connected are still let in."""

log = logging.getLogger(__name__)


async def websocket(request: web.Request) -> web.StreamResponse:
    """Serve a client until it goes: its queue status first, then what happens to its jobs."""
    server, identity = request.app[SERVER], identity_of(request)
    sid = request.query.get("clientId") or uuid.uuid4().hex
    if len(sid) > server.limits.id_length:
        return refused(
            400, "invalid_client_id", f"a clientId has at most {server.limits.id_length} characters"
        )
    address = address_of(request.transport)
    if full := server.clients.full(address):
        return refused(full, "too_many_websockets", "There are too many websockets open; close some")
    guest = Guest(identity=identity, address=address, proof=server.door.proof_of(identity.asker) or "")
    # Compressing costs more than sending: most clients are on this machine.
    socket = web.WebSocketResponse(max_msg_size=server.limits.frame_bytes, heartbeat=30.0, compress=False)
    if request.transport is None:  # it has gone already
        raise ConnectionResetError("the client has gone before it was answered")
    client = Client(socket, request.transport, guest, server.limits)
    server.clients.join(sid, client)  # before anything is waited for: so many may come at once
    try:
        await socket.prepare(request)
        client.send(status(server.jobs.remaining, sid))
        if node := server.crew.current_node((identity.name, sid)):
            client.send(executing_again(node))
        await client.serve()
    finally:
        server.clients.leave(sid, client)
    return socket


async def dismiss_for_ever(server: Server) -> None:
    """Close the sockets of users whose token counts no more."""

    def welcome(guest: Guest) -> bool:
        return server.door.proof_of(guest.identity.asker) == guest.proof

    while True:
        await asyncio.sleep(LOOK)
        try:
            await server.clients.dismiss(welcome)
        except UsersError as error:  # those who are in stay: they were let in
            log.error("%s", error)
