"""Run every measurement and write bench/results.json and bench/results.md."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from bench import classroom, counting, digits, filters, networks, occlusion, pages
from bench.result import as_dict, as_table
from tests.conftest import home_with_weights

ROUNDS = int(os.environ.get("ROUNDS", "7"))


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch_home = home_with_weights(folder)
        os.environ["TORCH_HOME"] = str(torch_home)
        results = [
            *pages.cold_start(folder, torch_home),
            *pages.first_renders(folder, torch_home, rounds=ROUNDS),
            *pages.reruns(folder, torch_home, rounds=5 * ROUNDS),
            *pages.stepping(folder, torch_home, rounds=ROUNDS),
            *classroom.classroom(folder, torch_home),
            *networks.classification(rounds=5 * ROUNDS),
            *networks.attribution(rounds=3 * ROUNDS),
            *networks.maps(rounds=5 * ROUNDS),
            *occlusion.occlusion(rounds=ROUNDS),
            *counting.tables(rounds=ROUNDS),
            *filters.filtering(rounds=ROUNDS),
            *digits.strokes(folder, torch_home, rounds=5 * ROUNDS),
        ]
        memory = networks.extra_memory()
    table = "\n".join([as_table(results), "", *memory])
    print(table)
    here = Path(__file__).parent
    here.joinpath("results.json").write_text(json.dumps([as_dict(r) for r in results], indent=2))
    here.joinpath("results.md").write_text(table + "\n")


if __name__ == "__main__":
    main()
