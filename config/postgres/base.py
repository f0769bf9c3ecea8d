"""Django's PostgreSQL engine, which starts the project's own server when no other was named.

The server is started at the first connection, not when settings are read, so that a lint run or
collecting static files needs no database.
"""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper

from config.database import Embedded


class DatabaseWrapper(PostgresWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        folder = self.settings_dict.get("EMBEDDED")
        if folder:
            params.update(Embedded(Path(folder), safe=not self.settings_dict.get("THROWAWAY")).ready())
        return params
