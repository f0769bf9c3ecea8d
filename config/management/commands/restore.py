"""manage.py restore: everything back from a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import backup


class Command(BaseCommand):
    help = "Bring the database and the files back from FILE. Stop web and workers first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")
        parser.add_argument("--replace", action="store_true", help="lose what is in the database now")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        try:
            note = backup.restore(file, now=timezone.now(), replace=replace)
        except backup.NotDone as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(
            f"Restored as it was on {note['made_at']}, with {note['files']:,} files. Nothing is sent to the outside"
            " until an administrator sets “Send nothing to the outside” to no on the settings page."
        )
