"""manage.py verify: whether the books are whole; fails with one sentence for each thing that is not."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import integrity


class Command(BaseCommand):
    help = "Recount every chain of events, the sums of each ledger, and the files. Fails when something is not whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--without-files", action="store_true", help="leave out the files that people handed in")

    def handle(self, *args: Any, without_files: bool, **options: Any) -> None:
        found = 0
        for sentence in integrity.faults(with_files=not without_files):
            self.stdout.write(sentence)
            found += 1
        if found:
            raise CommandError(f"{found} {'thing is' if found == 1 else 'things are'} not whole.")
        counts = integrity.counted()
        files = "" if without_files else f" and {counts['files']:,} files"
        self.stdout.write(f"Whole: {counts['events']:,} events in {counts['chains']:,} chains{files}.")
