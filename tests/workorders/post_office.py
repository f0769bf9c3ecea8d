"""A mail server for one test: speaks as much IMAP as reading a mailbox needs, over a real connection."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PostOffice:
    """One mailbox: number to (bytes, seen), and where mail was moved to."""

    def __init__(self, password: str = "sesame") -> None:
        self.password = password
        self.mail: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.moved: dict[int, str] = {}
        self.fetched: list[str] = []
        self.port = 0

    def put(self, raw: bytes) -> int:
        number = max(self.mail, default=0) + 1
        self.mail[number] = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return number

    def unread(self) -> list[int]:
        return [number for number in self.mail if number not in self.seen and number not in self.moved]

    def answer(self, command: str) -> list[bytes]:
        """The untagged lines that answer a command; raises ValueError for one that is refused."""
        words = command.upper()
        if words.startswith("CAPABILITY"):
            return [b"* CAPABILITY IMAP4rev1 MOVE\r\n"]
        if words.startswith("LOGIN") and self.password not in command:
            raise ValueError("LOGIN failed")
        if words.startswith("SELECT"):
            return [b"* %d EXISTS\r\n" % len(self.mail)]
        if words.startswith("UID SEARCH"):
            return [b"* SEARCH " + " ".join(map(str, self.unread())).encode() + b"\r\n"]
        if found := re.match(r"UID FETCH (\d+) \((.*)\)", words):
            return self._part(int(found[1]), found[2])
        if found := re.match(r"UID STORE (\d+) \+FLAGS \(?\\SEEN", words):
            self.seen.add(int(found[1]))
        if found := re.match(r'UID MOVE (\d+) "?([^"]+)"?', command, re.IGNORECASE):
            self.moved[int(found[1])] = found[2]
        return [b"* BYE\r\n"] if words.startswith("LOGOUT") else []

    def _part(self, number: int, wanted: str) -> list[bytes]:
        raw = self.mail[number]
        part, name = raw, "BODY[]"
        if "HEADER" in wanted:
            part, name = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "BODY[HEADER]"
        self.fetched.append(name)
        facts = f"UID {number} FLAGS () RFC822.SIZE {len(raw)} {name} {{{len(part)}}}\r\n".encode()
        return [b"* %d FETCH (" % number + facts, part, b")\r\n"]


class _Counter(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        office: PostOffice = self.server.office  # type: ignore[attr-defined]
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            try:
                self.wfile.write(b"".join(office.answer(command)) + f"{tag} OK done\r\n".encode())
            except ValueError as refusal:
                self.wfile.write(f"{tag} NO {refusal}\r\n".encode())


@contextmanager
def open_office() -> Iterator[PostOffice]:
    office = PostOffice()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Counter) as server:
        server.daemon_threads = True
        server.office = office  # type: ignore[attr-defined]
        office.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield office
        server.shutdown()
