"""manage.py tick: everything that is due, done once, without the queue."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.queue import drain


class Command(BaseCommand):
    help = "Run every recurring job until nothing is left to do. Safe beside workers, and from any cron."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", help="the moment to act at, as 2026-01-31T08:00:00Z; now, when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        did = drain(_moment(options["as_of"]))
        for name, count in did.items():
            if count:
                self.stdout.write(f"{name}: {'failed' if count < 0 else count}")
        if failed := [name for name, count in did.items() if count < 0]:
            raise CommandError(f"These jobs failed: {', '.join(failed)}. The log says why.")


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise CommandError(f"--as-of {text!r} is not a moment. Write it as 2026-01-31T08:00:00Z.") from problem
    return (moment if moment.tzinfo else timezone.make_aware(moment)).isoformat()
