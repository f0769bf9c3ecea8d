"""Make the demo company by playing the rules over simulated months."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from accounts.models import Notice, User
from accounts.models.notice import Channel, NoticeState
from config.demo import papers
from config.demo.company import build
from config.demo.judging import give_each_a_turn, judge
from config.demo.life import Life
from config.demo.manifest import manifest
from workorders.catalog import load_catalog
from workorders.models import WorkOrder

PER_SITE_AND_MONTH = 1.6
# Chance with a seed, so that a demo company can be made again; nothing secret hangs on it.
Chance = Random


class Command(BaseCommand):
    help = "Make the demo company: stores, vendors, people, and months of work played by the real rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sites", type=int, default=12, help="how many stores, 6 or more (12)")
        parser.add_argument("--months", type=float, default=3, help="how many months are played (3)")
        parser.add_argument("--seed", type=int, default=114, help="another seed, another company (114)")
        parser.add_argument("--as-of", help="the moment the play ends, ISO 8601 (now)")
        parser.add_argument("--manifest", type=Path, help="write people, places and work orders to this JSON file")

    def handle(self, *args: Any, sites: int, months: float, seed: int, **options: Any) -> None:
        if sites < 6 or not 0 < months <= 36:
            raise CommandError("The demo company has 6 sites or more and plays up to 36 months.")
        if User.objects.filter(is_superuser=False).exists():
            raise CommandError("There are people here already. The demo company is made in an empty database only.")
        until = self._moment(options["as_of"])
        start = until - timedelta(days=months * 30)
        with connection.cursor() as cursor:
            # A crash here costs a repeat, not data: do not wait for the disk at every small commit.
            cursor.execute("SET synchronous_commit = off")
        with tqdm(total=100, unit="%", bar_format="{desc:<32}{bar}{percentage:4.0f} %", disable=None) as bar:
            bar.set_description("Catalog")
            load_catalog(now=start)
            company = build(start=start, sites=sites, chance=Chance(seed), step=bar.set_description)
            papers.furnish(company, until=until)
            bar.set_description("Months of work")

            def tell(now: datetime) -> None:
                share = int((now - start) / (until - start) * 100)
                bar.update(max(0, share - bar.n))

            life = Life(company=company, until=until, chance=Chance(seed + 1), tell=tell)
            life.start(PER_SITE_AND_MONTH)
            give_each_a_turn(life)
            life.play()
            judge(company, now=until)
            papers.hand_in(company, now=until)
            bar.update(100 - bar.n)
        # Nobody in a company that was just made waits for mail about its past.
        Notice.objects.filter(channel=Channel.EMAIL, state=NoticeState.PLANNED).delete()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        if options["manifest"]:
            options["manifest"].parent.mkdir(parents=True, exist_ok=True)
            options["manifest"].write_text(json.dumps(manifest(company, until), indent=1))
        self.stdout.write(
            f"{sites} stores, {len(company.vendors)} vendors, {len(company.sign_ins)} people,"
            f" {WorkOrder.objects.count()} work orders, {len(life.refused)} acts refused by a rule."
        )
        if options["verbosity"] > 1:
            for line in life.refused:
                self.stdout.write(line)

    def _moment(self, given: str | None) -> datetime:
        if given is None:
            return timezone.now().replace(microsecond=0)
        try:
            moment = datetime.fromisoformat(given)
        except ValueError as error:
            raise CommandError("--as-of takes an instant like 2026-07-14T09:00:00-07:00.") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
