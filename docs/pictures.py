"""Takes the pictures of the documents from the samples: `python docs/pictures.py` (needs Chromium)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

import acforensics
from acforensics.texts import LANGUAGES, Language

DOCS = Path(__file__).resolve().parent
SAMPLES = DOCS.parent / "samples"


class Picture(NamedTuple):
    """What to show of which sample, and in a window of which size (CSS pixels)."""

    name: str
    sample: str
    place: str
    width: int
    height: int


PICTURES = (
    Picture("verdict", "os-command/bundle", "body", 1100, 760),
    Picture("evidence", "os-command/bundle", "#findings", 1100, 760),
    Picture("sequence", "sequences/cluster-shutdown-halt/deviates", "details.sequence.deviates", 1100, 900),
)


def take(browser: Browser, picture: Picture, language: Language, folder: Path) -> None:
    """Take one picture."""
    report = folder / f"{picture.name}-{language}.html"
    case = acforensics.analyze([SAMPLES / picture.sample], tz="Asia/Tokyo")
    report.write_text(case.to_html(language), encoding="utf-8")
    page = browser.new_page(viewport={"width": picture.width, "height": picture.height}, color_scheme="light")
    page.goto(report.as_uri())
    page.wait_for_selector("#chart .plot-container")
    page.locator(picture.place).first.evaluate("place => { place.open = true; place.scrollIntoView(); }")
    page.wait_for_timeout(300)
    target = DOCS / "images" / f"{picture.name}.{language}.png"
    target.parent.mkdir(exist_ok=True)
    page.screenshot(path=str(target))
    page.close()


def main() -> None:
    """Take all pictures."""
    program = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for picture in PICTURES:
            for language in LANGUAGES:
                take(browser, picture, language, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
