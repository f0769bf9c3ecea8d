"""./run check: everything that reads the code without running the product, side by side."""

import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

PRODUCTION = {
    "MODE": "production",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "BASE_URL": "https://maintenance.example.com",
    "ALLOWED_HOSTS": "maintenance.example.com",
    "MAIL_URL": "smtp+tls://user:word@mail.example.com:587",
}

CHECKS: dict[str, list[str]] = {
    "types": ["-m", "mypy"],
    "rules of the house": ["-m", "pytest", "-q", "-p", "no:xdist", "tests/house"],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run"],
    "deploy": ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "templates": ["-m", "djlint", "templates", "--lint", "--quiet"],
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
}


def run(name: str) -> tuple[str, float, subprocess.CompletedProcess[str]]:
    began = time.monotonic()
    environment = os.environ | (PRODUCTION if name == "deploy" else {})
    done = subprocess.run([sys.executable, *CHECKS[name]], capture_output=True, text=True, env=environment, check=False)
    return name, time.monotonic() - began, done


def main() -> int:
    failed = []
    with ThreadPoolExecutor(max(os.cpu_count() or 2, 2)) as pool:
        for name, seconds, done in pool.map(run, CHECKS):
            print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({seconds:.0f} s)", flush=True)
            if done.returncode:
                failed.append(name)
                print(done.stdout + done.stderr, flush=True)
    print(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
