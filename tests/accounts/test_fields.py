"""Fields of the house: several files at once, one of rows at hand."""

from __future__ import annotations

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from accounts.fields import FilesField, RowField


class Papers(forms.Form):
    files = FilesField(most=2)


def chosen(count: int) -> MultiValueDict[str, SimpleUploadedFile]:
    return MultiValueDict({"files": [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(count)]})


@pytest.mark.parametrize("count", [0, 1, 2])
def test_as_many_files_as_allowed_come_as_a_list(count: int) -> None:
    form = Papers({}, chosen(count))
    assert form.is_valid()
    assert len(form.cleaned_data["files"]) == count


def test_more_files_than_allowed_are_refused_with_the_number() -> None:
    assert Papers({}, chosen(3)).errors == {"files": ["Choose at most 2 files at a time."]}


def test_a_field_that_needs_a_file_says_so() -> None:
    field = FilesField(required=True, error_messages={"required": "Add a photo."})
    with pytest.raises(forms.ValidationError, match="Add a photo"):
        field.clean([])


def test_a_row_is_named_by_its_value_and_nothing_else_is_let_in() -> None:
    row = object()
    field = RowField(rows={"7": row}, choices=[("7", "Seven")], required=False)
    assert field.clean("7") is row
    assert field.clean("") is None
    with pytest.raises(forms.ValidationError, match="Choose one of the list"):
        field.clean("8")
