"""The parts of the page that classifies: one picture, several networks, several pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from cnnlab import class_names
from cnnlab.checks import InputError
from cnnlab.ensembling import CROPS, MEANS, combine
from cnnlab.figures.charts import percent
from cnnlab.figures.class_bars import bar_cards, class_bars, class_table
from cnnlab.ui import controls, explanations, layout, networks, panels, work
from cnnlab.ui.class_strip import class_strip
from cnnlab.ui.temperature_view import temperature_view

if TYPE_CHECKING:
    from cnnlab.answers import Answer

PAGE = "classify"
