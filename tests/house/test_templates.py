"""What every template and style sheet keeps to."""

import re
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "assets", "vendors", "workorders", "reporting", "config")
SPRITE = frozenset(re.findall(r'<symbol id="i-([\w-]+)"', (ROOT / "static/icons.svg").read_text()))

FORBIDDEN = {
    r"\sstyle=": "an inline style",
    r"<style\b": "a style element",
    r"\son[a-z]+=[\"']": "an inline handler",
    r"hx-on": "an inline handler of htmx",
    r"hx-vals=[\"']js:": "script in an attribute",
    r"\|\s*safe\b": "unescaped output",
    r"autoescape off": "unescaped output",
    r"https?://(?!www\.w3\.org)[\w.]+\.\w+/[^\"' ]*\.(?:js|css|woff2?)": "a file of somebody else's server",
    r"javascript:": "script in an address",
}


def templates() -> list[Path]:
    folders = [ROOT / "templates", *(ROOT / app / "templates" for app in APPS), ROOT / "tests/browser"]
    return sorted(chain.from_iterable(folder.rglob("*.html") for folder in folders))


def test_no_template_needs_a_looser_content_policy():
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in templates()
        for pattern, what in FORBIDDEN.items()
        if re.search(pattern, path.read_text())
    ]
    assert found == []


def test_every_script_is_a_file_or_data():
    found = []
    for path in templates():
        for attributes in re.findall(r"<script\b([^>]*)>", path.read_text()):
            if "src=" not in attributes and "application/json" not in attributes:
                found.append(f"{path.relative_to(ROOT)}: {attributes}")
    assert found == []


def test_every_icon_that_a_template_names_is_in_the_sprite():
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in templates()
        for name in re.findall(r"""(?:\{%\s*icon\s+|icon_name=|tag_icon=)["']([\w-]+)["']""", path.read_text())
        if name not in SPRITE
    ]
    assert found == []


def test_every_icon_that_a_mark_names_is_in_the_sprite():
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for name in re.findall(
            r"""Mark\([^()]*?,\s*"(?:us|vendor|wait|done|bad|off|accent)",\s*"([\w-]+)"\)""", path.read_text()
        )
        if name not in SPRITE
    ]
    assert found == []


def test_raw_colors_live_in_the_tokens_only():
    allowed = {"#fff", "#000", "#0000", "#fff7", "#999"}
    sheet = (ROOT / "static/css/components.css").read_text()
    plain = re.sub(r"light-dark\([^)]*\)", "", sheet)
    found = set(re.findall(r"#[0-9a-f]{3,8}\b", plain)) - allowed - {"#0b1011c7", "#0f1a1b66"}
    assert found == set()


def test_the_style_sheets_stay_small():
    size = sum(path.stat().st_size for path in (ROOT / "static/css").glob("*.css"))
    assert size <= 37_000, f"{size} bytes: drop a rule before adding one"


def test_no_script_asks_for_a_source_map():
    assert [path.name for path in (ROOT / "static").rglob("*.js") if "sourceMappingURL" in path.read_text()] == []
