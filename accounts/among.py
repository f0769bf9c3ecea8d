"""`among`: one of many keys, given to the database as one list.

`in` writes a placeholder for each key. Where somebody's places are in every condition of a page, that makes
statements of thousands of characters, which must be written, read and planned anew; a list is one value however long.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Field, ForeignKey, Lookup


@Field.register_lookup
@ForeignKey.register_lookup
class Among(Lookup):
    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, values = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::bigint[])", (*values, sorted(self.rhs))
