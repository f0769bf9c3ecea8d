"""manage.py doors: every address with its guard and roles, as data or as a page."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.documents import doors, doors_page


class Command(BaseCommand):
    help = "Print every address with its guard and roles."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="as data")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(doors(), indent=1) if options["json"] else doors_page())
