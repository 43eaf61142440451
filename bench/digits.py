"""How soon the digit pad answers a stroke in the browser, against the budget of 100 ms."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench.pages import server, window
from bench.result import Result

__all__ = ["strokes"]

BUDGET = 0.1  # seconds from a stroke to all tensors drawn


def strokes(folder: Path, torch_home: Path, *, rounds: int) -> list[Result]:
    """Return the time from a stroke to the answer, and that of the network alone."""
    with server(folder / "digits", torch_home) as running, window() as browser:
        page = browser.new_page()
        page.goto(f"{running.url}/draw-a-digit")
        root = page.locator('.digit-pad[data-ready="true"]')
        root.wait_for(timeout=120_000)
        box = page.locator(".digit-pad .pad").bounding_box()
        assert box
        times: dict[str, list[float]] = {"data-ms": [], "data-forward": []}
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
        page.mouse.down()
        for step in range(rounds):
            x = box["x"] + (0.2 + 0.6 * (step + 1) / rounds) * box["width"]
            page.mouse.move(x, box["y"] + (0.2 if step % 2 else 0.7) * box["height"])
            page.wait_for_timeout(100)
            for name, found in times.items():
                found.append(float(root.get_attribute(name) or "nan") / 1000)
        page.mouse.up()
    stroke, network = (statistics.median(found) for found in times.values())
    return [
        Result("digit pad, from a stroke to the answer", "budget", stroke, BUDGET),
        Result("digit pad, the network alone", "budget", network, BUDGET),
    ]
