"""Addresses that let in whoever has them: an invitation, a new password, the link to a job.

Such an address belongs into the one mail that it was made for, and nowhere else: not into a log, and into no table
once the mail has gone.
"""

from __future__ import annotations

import logging
import re

KEY = re.compile(
    r"(/(?:invitation|join|calendar/feed|j|accounts/password/reset/key)/)(?!\d+(?:/|[\s?#\"']|$))[^\s/?#\"']+"
)
"""The part after one of these is the key. A number is none: it is which link's page it is."""

HIDDEN = r"\1…"


def hidden(text: str) -> str:
    """`text` with every key in it left out."""
    return KEY.sub(HIDDEN, text)


class KeysHidden(logging.Filter):
    """Lets every line of a log pass, without the keys that it names."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        told = hidden(said)
        if told != said:
            record.msg, record.args = told, ()
        return True
