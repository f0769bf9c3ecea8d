"""Asking the queue not to wait for the next sweep.

Only a hurry: without a queue the recurring sweep finds the work just the same, so nothing here may fail.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django_q.models import OrmQ
from django_q.tasks import async_task

log = logging.getLogger(__name__)

QUEUE_IS_LONG = 50


def soon(job: str) -> None:
    """Ask for one run of `job` of the schedule after this transaction has committed; once per transaction."""
    ask = _asking(job)
    if not any(hook[1] is ask for hook in connection.run_on_commit):
        transaction.on_commit(ask, robust=True)


@cache
def _asking(job: str) -> Callable[[], None]:
    def ask() -> None:
        try:
            # A long queue will come to a sweep of this kind anyway.
            if OrmQ.objects.filter(lock__lte=Now()).count() < QUEUE_IS_LONG:
                async_task(settings.JOB_RUNNER, job)
        except Exception:
            log.exception("The queue did not take %s; the sweep will find the work.", job)

    return ask
