"""What pytest leaves alone, and how tests are shared out among processes."""

from __future__ import annotations

from typing import Any

import pytest

# Streamlit scripts: importing them would run them.
collect_ignore = [
    "app.py",
    "cnnlab/ui/shell.py",
    "tests/browser/waiting_app.py",
    "tests/peep_app.py",
]


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a file in one process, and all tests of the browser too: they share a server."""
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return "browser" if file.startswith("tests/browser/") else file

    return Files(config, log)
