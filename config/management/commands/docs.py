"""manage.py docs: write the pages of the docs that come from the code."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.documents import PAGES, ROOT, stale


class Command(BaseCommand):
    help = "Write docs/*.md that come from the tables of the code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say which pages are out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        old = stale()
        if options["check"]:
            if old:
                raise CommandError(f"Out of date: {', '.join(old)}. Run: ./run manage docs")
            return
        for path in old:
            (ROOT / path).write_text(PAGES[path]())
            self.stdout.write(f"wrote {path}")
