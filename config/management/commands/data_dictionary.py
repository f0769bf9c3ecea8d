"""manage.py data_dictionary: every table and column, as data or as a page."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.documents import dictionary, dictionary_page


class Command(BaseCommand):
    help = "Print every table and column."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="as data")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(dictionary(), indent=1) if options["json"] else dictionary_page())
