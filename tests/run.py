"""./run test: the quick kinds of tests; ./run test --all runs every kind."""

import os
import shutil
import subprocess
import sys

SLOW_KINDS = ("slow", "browser", "race", "faults")


def main(arguments: list[str]) -> int:
    everything = "--all" in arguments
    rest = [argument for argument in arguments if argument != "--all"]
    options = [] if any(argument.startswith("-n") for argument in rest) else ["-n", str(min(os.cpu_count() or 1, 8))]
    environment = os.environ | {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
    quick = " and ".join(f"not {kind}" for kind in SLOW_KINDS)
    first = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", quick, *options, *rest], env=environment, check=False
    )
    if not everything:
        print(f"Left out: tests marked {', '.join(SLOW_KINDS)}. ./run test --all runs them too.")
        return first.returncode
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        print("The browser tests need chromium (Debian: apt install chromium).", file=sys.stderr)
        return 2
    # One at a time: these measure waiting, kill processes, or drive a browser.
    slow = " or ".join(SLOW_KINDS)
    then = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", slow, "-n", "0", *rest], env=environment, check=False
    )
    return first.returncode or then.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
