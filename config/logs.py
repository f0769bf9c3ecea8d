"""Log lines as JSON, one object a line, each with the id of the request that caused it."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from accounts.trace import request_id

USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request", "server_time"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "says": record.getMessage(),
        }
        if own := request_id.get():
            line["request_id"] = own
        line |= {name: value for name, value in vars(record).items() if name not in USUAL}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def logging_settings(*, as_json: bool, level: str) -> dict[str, Any]:
    """The LOGGING setting: JSON for machines, plain lines for a laptop; queue and fonts speak only of trouble."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "config.logs.JsonFormatter"},
            "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        },
        "filters": {"keys": {"()": "accounts.keys.KeysHidden"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "plain",
                "filters": ["keys"],
            },
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": ["console"], "level": level, "propagate": False},
            "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "fontTools": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        },
    }
