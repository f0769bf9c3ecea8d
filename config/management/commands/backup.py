"""manage.py backup: the database and all files in one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import backup


class Command(BaseCommand):
    help = "Write the database and every file that people handed in into FILE. Safe while people work."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="where to; it must not exist yet")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            note = backup.make(file, now=timezone.now())
        except backup.NotDone as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{file}: the database and {note['files']:,} files, {file.stat().st_size / 1e6:,.1f} MB.")
