"""Find a Chromium for the browser tests; as a program, install one if there is none.

Taken in this order: one on the PATH, Debian's package, Playwright's own download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["chromium"]


def chromium() -> str | None:
    """Return the path of a Chromium or Chrome on this machine, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _install() -> None:
    """Install Debian's package if that is possible, else Playwright's own browser."""
    if shutil.which("apt-get"):
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        for command in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
            done = subprocess.run(
                [*as_root, "apt-get", *command], check=False, stdout=subprocess.DEVNULL
            )
            if done.returncode:
                break
    if chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    if chromium() is None:
        print("No Chromium here: installing one for the browser tests.")
        _install()
    path = chromium()
    if path is None:
        sys.exit(
            "No Chromium could be installed. Install one (apt install chromium) and try again."
        )
    print(f"Browser tests use {path}")
