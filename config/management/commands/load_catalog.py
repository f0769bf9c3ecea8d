"""manage.py load_catalog: the starter catalog, put in where it is missing."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from workorders.catalog import load_catalog


class Command(BaseCommand):
    help = "Add trades, problems, equipment, SLA targets, reasons and codes where they are missing. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Added {load_catalog(now=timezone.now())} rows.")
