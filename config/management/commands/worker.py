"""manage.py worker: the queue, under its watchdog."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.worker import Watchdog


class Command(BaseCommand):
    help = "Run the recurring jobs and the queue; as many of these, on as many machines, as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stall", type=float, default=60, help="seconds without progress before a new start")
        parser.add_argument("--patience", type=float, default=15, help="seconds that a stop may take")

    def handle(self, *args: Any, **options: Any) -> None:
        Watchdog(stall=options["stall"], patience=options["patience"]).run()
