"""Run as a script: carries lines between the program that started it and a process that listens.

Arguments: the port on this machine, and the word by which the listening process knows its own.
"""

from __future__ import annotations

import socket
import sys
import threading


def main() -> None:
    """Carries lines both ways until either side ends."""
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    connection.sendall(sys.argv[2].encode() + b"\n")

    def up() -> None:
        for line in sys.stdin.buffer:
            connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)

    threading.Thread(target=up, daemon=True).start()
    for line in connection.makefile("rb"):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
