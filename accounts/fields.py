"""Form fields of the house: several files in one field, one of rows that are at hand already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

MOST_FILES = 10


class SeveralFiles(forms.FileInput):
    """A native file input that takes more than one."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[UploadedFile]:
        return files.getlist(name) if hasattr(files, "getlist") else list(files.get(name) or ())


class FilesField(forms.FileField):
    """Any number of files up to `most`; cleans to a list. What may be in them is for `accounts.files` to say."""

    widget = SeveralFiles

    def __init__(self, *, most: int = MOST_FILES, required: bool = False, **options: Any) -> None:
        super().__init__(required=required, **options)
        self.most = most

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        chosen = [one for one in data or () if one]
        if self.required and not chosen:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(chosen) > self.most:
            raise ValidationError(f"Choose at most {self.most} files at a time.", code="too_many")
        return [super(FilesField, self).clean(one, initial) for one in chosen]


class RowField(forms.ChoiceField):
    """One of `rows`, which the form has read already: the value names a row, cleaning gives the row or None."""

    def __init__(
        self, *, rows: Mapping[str, Any], choices: Sequence[Any], unknown: str = "Choose one of the list.",
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(choices=choices, **options)
        self.rows = rows
        self.unknown = unknown

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        if str(value) not in self.rows:
            raise ValidationError(self.unknown, code="invalid_choice")
        return self.rows[str(value)]

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
