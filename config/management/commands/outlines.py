"""Writes the coasts and borders under maps anew, from two files of public data."""

from __future__ import annotations

import gzip
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from assets.outlines import FILE, reduced, write


class Command(BaseCommand):
    help = (
        "Writes the outlines under maps from TopoJSON: countries-50m.json (npm world-atlas 2.0.2, Natural Earth) and "
        "states-10m.json (npm us-atlas 3.0.1, US Census Bureau)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("countries", type=Path)
        parser.add_argument("states", type=Path)
        parser.add_argument("--to", type=Path, default=FILE)

    def handle(self, **options: Any) -> None:
        lines = reduced(*(json.loads(options[name].read_text()) for name in ("countries", "states")))
        options["to"].write_bytes(gzip.compress(write(lines).encode(), 9, mtime=0))
        points = sum(map(len, lines))
        self.stdout.write(f"{len(lines):,} lines of {points:,} points: {options['to'].stat().st_size:,} bytes.")
