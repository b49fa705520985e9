"""A tiny line server over the real store, for tests that kill or trace it: `python leadserver.py FOLDER SOCKET_FD`.

Reads `CONVERSATION<TAB>CLIENT_ID<TAB>TEXT` lines from the socket and answers `ack CLIENT_ID SEQ` after the commit.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

from dialogue.store import Store


async def serve(folder: Path, channel: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=channel)
    async with await Store.open(folder) as store:
        writer.write(b"ready\n")

        async def answer(line: str) -> None:
            visitor, client_id, text = line.rstrip("\n").split("\t")
            conversation = await store.open_conversation(
                merchant="demo", channel="chat", visitor=visitor, conversation_id=f"conv_{visitor}"
            )
            received = await store.receive(conversation.id, client_id=client_id, text=text)
            writer.write(f"ack {client_id} {received.seq}\n".encode())

        async with asyncio.TaskGroup() as group:
            while line := await reader.readline():
                group.create_task(answer(line.decode()))


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))))
