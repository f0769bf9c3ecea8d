"""The door for web servers: gunicorn config.wsgi."""

import logging
import os

from django.core.wsgi import get_wsgi_application

from accounts.keys import KeysHidden

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# The web server's own log names every address that is asked for; a key in it is nobody's to read.
logging.getLogger("gunicorn.access").addFilter(KeysHidden())
