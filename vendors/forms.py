"""Input about vendors to clean values."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Membership, User
from vendors.models import Vendor


class EmployForm(forms.Form):
    """Which vendor a dispatcher or technician works for."""

    vendor = forms.ModelChoiceField(Vendor.objects.none(), label="Vendor", empty_label="Choose a vendor")

    def __init__(self, *args: Any, by: User, membership: Membership, **options: Any) -> None:
        scope = getattr(membership, "vendor_scope", None)
        super().__init__(*args, initial={"vendor": scope.vendor_id if scope else None}, **options)
        self.fields["vendor"].queryset = Vendor.objects.visible_to(by)
