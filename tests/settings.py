"""The product's own settings, on a throw-away database server and without slow passwords."""

from config.settings import *  # noqa: F403
from config.settings import DATABASE_URL, DATABASES, VAR

if not DATABASE_URL:
    DATABASES["default"] |= {"EMBEDDED": VAR / "postgres-test", "THROWAWAY": True}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
