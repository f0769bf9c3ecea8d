"""The operator's door: ./run manage help lists every command."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if "runserver" not in sys.argv:
        # An operator waits for a long import or migration; only pages are cut off.
        os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "0")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("manage.py: Django is not installed here. Use ./run manage, which prepares everything.")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"mainstay: {problem}")


if __name__ == "__main__":
    main()
