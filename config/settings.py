"""Every setting of the product. What an operator may change is read through config.variables.

MODE is local unless told otherwise: one machine, embedded database, mail into files, a secret made on
the first start. MODE=production insists on a proper secret, named hosts and no debugging.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.csp import CSP

from config import logs, safety
from config import variables as read

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"

# Where it runs

MODE = read.choice(
    "MODE",
    of=("local", "production"),
    default="local",
    says="Local starts with nothing configured; production refuses to start with anything unsafe.",
)
PRODUCTION = MODE == "production"
DEBUG = read.yes_no("DEBUG", default=False, says="Show errors in the browser. Never in production.")
SECRET_KEY = read.text(
    "SECRET_KEY",
    says="Signs sessions and links. At least 50 random characters in production.",
    shown="made at the first start, kept in var/secret_key",
)
BASE_URL = read.address(
    "BASE_URL",
    schemes=("https", "http"),
    default="http://localhost:8000",
    says="The address that people type, without a slash at the end; links in mail begin with it.",
)
ALLOWED_HOSTS = read.words(
    "ALLOWED_HOSTS",
    default=["localhost", "127.0.0.1", "[::1]"],
    says="Host names that this installation answers to.",
)
CSRF_TRUSTED_ORIGINS = read.words(
    "CSRF_TRUSTED_ORIGINS", default=[], says="Further addresses, with https://, from which forms may be sent."
)
BEHIND_PROXY = read.yes_no(
    "BEHIND_PROXY",
    default=False,
    says="A proxy in front sets X-Forwarded-Proto and X-Forwarded-For and removes what the client sent.",
)
SECRET_KEY = safety.secret(SECRET_KEY, production=PRODUCTION, kept_in=VAR / "secret_key")
safety.refuse_unsafe(production=PRODUCTION, debug=DEBUG, hosts=ALLOWED_HOSTS, base_url=BASE_URL)

# What it is made of

INSTALLED_APPS = [
    "reporting",
    "workorders",
    "vendors",
    "assets",
    "accounts",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "django_filters",
    "django_q",
    "phonenumber_field",
    "config",  # last: it takes the queue's models out of the admin
]

MIDDLEWARE = [
    "config.middleware.trace",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.keep_private",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.local_time",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.ZeroBytes",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.menu.shell",
            ],
        },
    }
]

FORM_RENDERER = "accounts.widgets.Controls"  # fields in the look of templates/django/forms
CSRF_FAILURE_VIEW = "config.views.errors.form_expired"

# Whose house it is

ORGANIZATION = read.text(
    "ORGANIZATION", default="Mainstay", says="The name of your company, as people see it on every page."
)
FACILITIES_PHONE = read.text(
    "FACILITIES_PHONE", says="The number that stores call in an emergency, like +1 800 555 0199. Empty shows none."
)

# The database

DATABASE_URL = read.address(
    "DATABASE_URL",
    schemes=("postgres", "postgresql"),
    says="The PostgreSQL server, 15 or newer: postgres://user:password@host:5432/name.",
    shown="an embedded server, data in var/postgres",
)
_seconds = {
    "lock_timeout": read.number(
        "DATABASE_LOCK_TIMEOUT", default=10, says="Seconds that a statement may wait for a lock; 0 is for ever."
    ),
    "statement_timeout": read.number(
        "DATABASE_STATEMENT_TIMEOUT",
        default=60,
        says="Seconds that one statement may take; 0 is for ever. Operator commands set 0 for themselves.",
    ),
    "idle_in_transaction_session_timeout": read.number(
        "DATABASE_IDLE_TIMEOUT", default=300, says="Seconds that an open transaction may do nothing; 0 is for ever."
    ),
}
_database: dict[str, Any] = (
    read.env.db_url_config(DATABASE_URL) if DATABASE_URL else {"NAME": "mainstay", "EMBEDDED": VAR / "postgres"}
)
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "config.postgres",
        "CONN_MAX_AGE": read.number(
            "DATABASE_KEEP", default=600, says="Seconds that a connection is kept for the next request."
        ),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_database.get("OPTIONS", {}),
            "server_side_binding": True,
            "prepare_threshold": 1,
            "application_name": "mainstay",
            "options": " ".join(f"-c {name}={value}s" for name, value in _seconds.items()),
        },
    }
}

CACHE_URL = read.address(
    "CACHE_URL",
    schemes=("redis", "rediss"),
    says="A shared Redis cache, where the database's own cache table is not enough.",
    shown="a table of the database",
)
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache"
        if CACHE_URL
        else "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": CACHE_URL or "cache",
        "OPTIONS": {} if CACHE_URL else {"MAX_ENTRIES": 100_000},
    }
}

# People

AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the e-mail is unique by a constraint on its lower case
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.signin.InvitationsOnly"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation has proved the address
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(BASE_URL).scheme
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Mainstay"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = (
    60 * 60 * 24 * read.number("SESSION_DAYS", default=14, least=1, says="Days after which a person signs in again.")
)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = urlsplit(BASE_URL).scheme == "https"
SESSION_COOKIE_HTTPONLY = True

# Maps

MAP_TILES = read.address(
    "MAP_TILES",
    schemes=("https", "http"),
    says="The tile server of the maps, like https://tiles.example.com/{z}/{x}/{y}.png: it learns which parts of the "
    "world are looked at. Empty: maps are drawn without it.",
)
MAP_TILES_CREDIT = read.text("MAP_TILES_CREDIT", says="Whom the tile server wants named under each map.")
_tiles = safety.tile_origin(MAP_TILES)

# What the browser is told

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:", *_tiles],  # photos are previewed before they are sent
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
_redirect = read.yes_no("SSL_REDIRECT", default=True, says="In production, send plain HTTP to HTTPS.")
_hsts_days = read.number("HSTS_DAYS", default=365, says="In production, days that browsers insist on HTTPS.")
SECURE_SSL_REDIRECT = PRODUCTION and _redirect
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # a balancer asks without HTTPS
SECURE_HSTS_SECONDS = _hsts_days * 60 * 60 * 24 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None

# Files

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles" if PRODUCTION else VAR / "static"
if not PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # a laptop serves from the sources, but it must exist
STATICFILES_DIRS = [ROOT / "static"]
FILES_FOLDER = read.text(
    "FILES_FOLDER",
    default=str(VAR / "files"),
    says="Where photos and documents are kept. Nothing in it has an address of its own.",
    shown="var/files",
)
Path(FILES_FOLDER).mkdir(parents=True, exist_ok=True)
MEDIA_ROOT = FILES_FOLDER
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION  # a laptop needs no collectstatic
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Mail

MAIL_URL = read.address(
    "MAIL_URL",
    schemes=("smtp", "smtp+tls", "smtps", "console"),
    says="The mail server: smtp://, smtp+tls:// (STARTTLS) or smtps:// with user:password@host:port.",
    shown="files in var/mail",
)
MAILERS = {"default": safety.mailer(MAIL_URL, VAR / "mail")}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = read.text(
    "MAIL_FROM", default="Mainstay <mainstay@localhost>", says="The sender of every mail."
)
OUTBOUND_PAUSED = read.yes_no(
    "OUTBOUND_PAUSED", default=False, says="Send nothing to the outside; what is due waits, visible on operations."
)
MAIL_REPLY_TO = read.text(
    "MAIL_REPLY_TO", says="The address of the mailbox that takes answers to notices. Empty: nobody answers by mail."
)
MAIL_REPLY_PLUS = read.yes_no(
    "MAIL_REPLY_PLUS",
    default=True,
    says="That mailbox also gets mail for name+anything@domain, so that each answer names what it answers.",
)
MAIL_IN_URL = read.address(
    "MAIL_IN_URL",
    schemes=("imaps", "imap+tls", "imap"),
    says="The mailbox that is read every minute: imaps:// or imap+tls:// (STARTTLS) with user:password@host:port. "
    "imap:// is not encrypted: only for a server on the same machine.",
    shown="no mailbox is read",
)
MAIL_IN_FOLDER = read.text("MAIL_IN_FOLDER", default="INBOX", says="The folder that new mail is read from.")
MAIL_IN_DONE = read.text(
    "MAIL_IN_DONE", says="The folder that mail is moved to once it is taken in. Empty: it is only marked as read."
)
MAIL_IN_LARGEST = read.number(
    "MAIL_IN_LARGEST", default=60, least=1, says="MB of the largest mail that is read whole; attachments count here."
)

# Time and language

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = True
PHONENUMBER_DEFAULT_REGION = "US"

# Logs

LOGGING = logs.logging_settings(
    as_json=read.yes_no("LOG_JSON", default=PRODUCTION, says="Log lines as JSON; on by itself in production."),
    level=read.choice("LOG_LEVEL", of=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO", says="What is logged."),
)

# The queue: an engine only, the truth is in our own tables (docs/schedule.md)

Q_CLUSTER = {
    "name": "mainstay",
    "orm": "default",
    "broker_class": "config.queue.Broker",
    "workers": read.number("WORKERS", default=2, least=1, says="Processes that one worker starts."),
    "timeout": 50,  # less than the watchdog's patience of 60 seconds
    "retry": 150,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "poll": 0.5,
    "recycle": 500,
    "label": "Queue",
}
Q_CLUSTER["queue_limit"] = Q_CLUSTER["workers"]
JOB_RUNNER = "config.queue.run"  # how the floors below ask for a job of the schedule by its name
