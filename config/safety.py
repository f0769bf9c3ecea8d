"""What a start insists on before it serves anybody."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from config.variables import WrongSetting

KNOWN = ("change-me", "changeme", "insecure", "secret", "password", "example", "django-insecure")
LONG_ENOUGH = 50
VARIED_ENOUGH = 10  # different characters


def secret(given: str, *, production: bool, kept_in: Path) -> str:
    """The given secret when it is good enough; on a laptop without one, a random one kept in a file."""
    if production:
        hint = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        if not given:
            raise WrongSetting("SECRET_KEY", "is empty", hint)
        if len(given) < LONG_ENOUGH or len(set(given)) < VARIED_ENOUGH:
            raise WrongSetting("SECRET_KEY", f"is too easy: {LONG_ENOUGH} random characters are needed", hint)
        if any(word in given.lower() for word in KNOWN):
            raise WrongSetting("SECRET_KEY", "is a well-known one", hint)
        return given
    return given or _kept(kept_in)


def _kept(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(draft, file)  # the first of several starting at once wins
        draft.unlink()
    try:
        return file.read_text().strip()
    except PermissionError as problem:
        hint = "Give SECRET_KEY, or start as that user."
        raise WrongSetting("SECRET_KEY", f"is kept in {file}, which belongs to another user", hint) from problem


def refuse_unsafe(*, production: bool, debug: bool, hosts: list[str], base_url: str) -> None:
    """Stop a production start that would be open to the world. Raises WrongSetting."""
    if not production:
        return
    if debug:
        raise WrongSetting("DEBUG", "is on in production", "Remove it.")
    if not hosts or any("*" in host or host.startswith(".") for host in hosts):
        raise WrongSetting("ALLOWED_HOSTS", "is empty or has a wildcard", "Name each host.")
    if urlsplit(base_url).scheme != "https":
        raise WrongSetting("BASE_URL", "does not begin with https://", "Give the address that people type.")
    if urlsplit(base_url).hostname not in hosts:
        raise WrongSetting("ALLOWED_HOSTS", "does not contain the host of BASE_URL", "Add it.")


def mailer(url: str, folder: Path) -> dict[str, Any]:
    """The entry of MAILERS for an address of a mail server; without one, mail goes into files."""
    if not url:
        return {"BACKEND": "django.core.mail.backends.filebased.EmailBackend", "OPTIONS": {"file_path": str(folder)}}
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    usual = {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme]
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname or "",
            "port": parts.port or usual,
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": parts.scheme == "smtp+tls",
            "use_ssl": parts.scheme == "smtps",
            "timeout": 20,
        },
    }


def tile_origin(template: str) -> list[str]:
    """The one origin from which pictures of maps may come besides our own; none without a tile server."""
    if not template:
        return []
    parts = urlsplit(template)
    holes = all(template.count(hole) == 1 for hole in ("{z}", "{x}", "{y}"))
    if not holes or template.count("{") != 3 or "{" in parts.netloc or not parts.hostname or "@" in parts.netloc:
        hint = "Give an address like https://tiles.example.com/{z}/{x}/{y}.png, with each of the three once."
        raise WrongSetting("MAP_TILES", f"is {template!r}, which is no address of tiles", hint)
    return [f"{parts.scheme}://{parts.netloc}"]
