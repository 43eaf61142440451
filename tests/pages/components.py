"""What a page sends to its components."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def components(at: AppTest) -> list[Any]:
    """Return the messages to the page's components, in the order of the page."""
    return [element.proto for element in at.get("bidi_component")]


def sent_data(at: AppTest) -> list[dict[str, Any]]:
    """Return the data of these messages."""
    return [json.loads(message.json or "{}") for message in components(at)]
