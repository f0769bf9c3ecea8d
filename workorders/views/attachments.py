"""Photos and papers of a work order, given to whoever may read them."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts import files
from accounts.guards import requires
from accounts.permissions import Act
from workorders.models import Attachment


@requires(Act.VIEW_WORK)
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, or with `?thumb` its small picture."""
    found = get_object_or_404(Attachment.objects.visible_to(request.user).select_related("file"), pk=pk)
    return files.serve(found.file, thumbnail="thumb" in request.GET)
