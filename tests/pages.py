"""What a page says."""

from django.http import HttpResponse


def told(page: HttpResponse) -> str:
    """The body of an answer as text."""
    return page.content.decode()
