"""The file and its mapping: which column, or which words made of columns, fill which field."""

from __future__ import annotations

import csv
import gzip
import io
import re
import tomllib
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROW = "#"
"""{#} in a template is the number of the row, for files whose lines have no number of their own."""

HOLE = re.compile(r"\{([^{}]+)\}")
SECTIONS = {"file", "columns", "constants", "defaults", "values", "custom", "create"}
FILE_KEYS = {"encoding", "delimiter", "time_zone", "datetime_format", "date_format", "repeated", "early_ends"}


class BadMapping(Exception):
    """The mapping file cannot be used; the sentence says why."""


class BadFile(Exception):
    """The file cannot be read as a table; the sentence says where."""


@dataclass(frozen=True)
class Mapping:
    """How a file is read. `columns` maps a field to a column's name or to words with {Column} in them."""

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    custom: dict[str, str] = field(default_factory=dict)
    create: frozenset[str] = frozenset()
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    time_zone: str = "UTC"
    datetime_format: str = ""
    date_format: str = "%Y-%m-%d"
    repeated: str = "refuse"
    early_ends: str = "refuse"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


def read_mapping(path: Path, fields: set[str], creatable: set[str]) -> Mapping:
    """The mapping in a TOML file, for a noun with `fields`. Raises BadMapping."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadMapping(f"The mapping {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMapping(f"The mapping {path} is not valid TOML: {error}.") from error
    _known(set(data), SECTIONS, "section")
    about = data.get("file", {})
    _known(set(about), FILE_KEYS, "key of [file]")
    for section in ("columns", "constants", "defaults", "values"):
        _known(set(data.get(section, {})), fields, f"field in [{section}]")
    create = {name for name, wanted in data.get("create", {}).items() if wanted}
    _known(create, creatable, "thing to create")
    if about.get("time_zone", "UTC") not in zoneinfo.available_timezones():
        raise BadMapping(f"{about['time_zone']} is not a time zone. Write one like America/New_York.")
    if about.get("repeated", "refuse") not in ("refuse", "first"):
        raise BadMapping("[file] repeated is “refuse” or “first”.")
    if about.get("early_ends", "refuse") not in ("refuse", "start"):
        raise BadMapping("[file] early_ends is “refuse” or “start”.")
    sections: dict[str, Any] = {name: data.get(name, {}) for name in SECTIONS - {"file", "create"}}
    return Mapping(**sections, create=frozenset(create), **about)


def _known(given: set[str], allowed: set[str], what: str) -> None:
    if unknown := sorted(given - allowed):
        raise BadMapping(f"There is no {what} called {unknown[0]}. Known: {', '.join(sorted(allowed))}.")


@dataclass(frozen=True)
class Row:
    """One line of the file: its number as a spreadsheet counts (the header is 1), its cells by column."""

    number: int
    cells: dict[str, str]


class Table:
    """A CSV file, plain or gzipped, read row by row."""

    def __init__(self, path: Path, mapping: Mapping) -> None:
        """Opens the file and reads its header. Raises BadFile."""
        self.path, self.mapping = path, mapping
        try:
            self.size = path.stat().st_size
            self._raw = path.open("rb")
        except OSError as error:
            raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
        binary = gzip.GzipFile(fileobj=self._raw) if path.suffix == ".gz" else self._raw
        text = io.TextIOWrapper(binary, encoding=mapping.encoding, newline="")
        self._reader = csv.reader(text, delimiter=mapping.delimiter, strict=True)
        try:
            self._read_header()
        except BadFile:
            self.close()
            raise

    def _read_header(self) -> None:
        path, mapping = self.path, self.mapping
        header = next(self._lines(), None)
        if not header:
            raise BadFile(f"{path} is empty.")
        self.header = [name.strip() for name in header]
        if repeated := {name for name in self.header if self.header.count(name) > 1}:
            raise BadFile(f"Row 1: the column {sorted(repeated)[0]} stands there twice.")
        wanted = {*_holes(mapping.columns.values()), *mapping.custom.values()}
        if missing := sorted(wanted - set(self.header)):
            raise BadFile(f"Row 1: the column {missing[0]} is missing. There are: {', '.join(self.header)}.")

    def __iter__(self) -> Iterator[Row]:
        for number, cells in enumerate(self._lines(), start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(self.header):
                raise BadFile(f"Row {number}: {len(cells)} cells where the header has {len(self.header)}.")
            yield Row(number, dict(zip(self.header, cells, strict=True)))

    def _lines(self) -> Iterator[list[str]]:
        try:
            yield from self._reader
        except csv.Error as error:
            raise BadFile(f"Row {self._reader.line_num}: {error}.") from error
        except UnicodeDecodeError as error:
            hint = f"Row {self._reader.line_num + 1}: not {self.mapping.encoding} text."
            raise BadFile(f"{hint} Set [file] encoding in the mapping, like cp1252.") from error
        except (EOFError, gzip.BadGzipFile) as error:
            raise BadFile(f"{self.path} is not a whole gzip file.") from error

    def done(self) -> int:
        """Bytes of the file read so far, for the progress bar."""
        return self._raw.tell()

    def close(self) -> None:
        self._raw.close()


def _holes(templates: Any) -> set[str]:
    names: set[str] = set()
    for template in templates:
        names |= set(HOLE.findall(template)) or {template}
    return names - {ROW}


def cell(row: Row, name: str, mapping: Mapping) -> str:
    """What `row` says for the field `name`: a constant, a column, words made of columns, a default."""
    if name in mapping.constants:
        return mapping.constants[name]
    template = mapping.columns.get(name)
    if template is None:
        said = row.cells.get(name, "") if not mapping.columns else ""
    elif "{" in template:
        said = HOLE.sub(lambda hole: _filled(hole.group(1), row), template)
    else:
        said = row.cells[template]
    said = " ".join(said.split()) if "\n" not in said else said.strip()
    said = mapping.values.get(name, {}).get(said, said)
    return said or mapping.defaults.get(name, "")


def _filled(hole: str, row: Row) -> str:
    return str(row.number) if hole == ROW else row.cells[hole].strip()


def column_of(name: str, mapping: Mapping) -> str:
    """The column a fault in `name` is told under."""
    return mapping.columns.get(name, name)
