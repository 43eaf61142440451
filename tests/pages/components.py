"""What a page sends to its own components: those that every page has are left out."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest

OF_EVERY_PAGE = {"cnnlab.menu"}


def components(at: AppTest) -> list[Any]:
    """Return the messages to the page's own components, in the order of the page."""
    messages = [element.proto for element in at.get("bidi_component")]
    return [one for one in messages if one.component_name not in OF_EVERY_PAGE]


def sent_data(at: AppTest) -> list[dict[str, Any]]:
    """Return the data of these messages."""
    return [json.loads(message.json or "{}") for message in components(at)]
