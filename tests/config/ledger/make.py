"""A hand that makes events, the usual way: a number on a line of its input makes as many."""

import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.actors import CLOCK  # noqa: E402
from accounts.events import record  # noqa: E402
from tests.config.ledger.follows import VERB  # noqa: E402

made = 0
for line in sys.stdin:
    for _ in range(int(line)):
        record(stream=f"test:{made % 50}", verb=VERB, by=CLOCK, now=timezone.now())
        made += 1
    print(made, flush=True)
