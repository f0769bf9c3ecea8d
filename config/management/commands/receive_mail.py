"""manage.py receive_mail: one mail from standard input, for a mail server that pipes into a command."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from workorders import inbox

TRY_AGAIN_LATER = 75
"""What mail servers understand as: keep it, and come back (EX_TEMPFAIL)."""

MEGABYTE = 1024 * 1024


class Command(BaseCommand):
    help = "Take one mail in from standard input: a reply becomes a message, anything else waits to be sorted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", action="append", default=[], metavar="ADDRESS",
            help="An address that it was delivered to, where the mail itself does not say (may be repeated).",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        largest = settings.MAIL_IN_LARGEST * MEGABYTE
        raw = sys.stdin.buffer.read(largest + 1)
        is_whole = len(raw) <= largest
        if not is_whole:
            raw = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
            while sys.stdin.buffer.read(MEGABYTE):
                continue  # a pipe that breaks would come back as a mail that could not be delivered
        try:
            letter = inbox.receive(raw, now=timezone.now(), written_to=options["to"], is_whole=is_whole)
        except (OperationalError, InterfaceError):
            self.stderr.write("The database cannot be reached; the mail server should try again.")
            sys.exit(TRY_AGAIN_LATER)
        self.stdout.write(f"{letter.get_state_display()}. {letter.why}".strip())
