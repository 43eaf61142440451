"""The colours: readable, told apart by everyone, and the same in figures and on the page."""

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from cnnlab.figures.theme import BACKGROUND, ROLES
from cnnlab.ui.server import ASSETS

CONFIG = Path(__file__).resolve().parents[1] / ".streamlit" / "config.toml"
SETTINGS = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
THEME = SETTINGS["theme"]
MODES = ("light", "dark")
ROLE_PAIRS = list(itertools.combinations(ROLES, 2))

# Machado, Oliveira and Fernandes, 2009, doi:10.1109/TVCG.2009.113, severity 1, on linear RGB.
SIGHT = {
    "full colour vision": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TOLD_APART = 10.0  # CIEDE2000; about 2 is seen side by side, 10 at a glance and on small marks


def linear(colour: str) -> np.ndarray:
    """Return a colour written as #RRGGBB as linear red, green and blue between 0 and 1."""
    encoded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2, between 1 and 21."""
    low, high = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return float((high + 0.05) / (low + 0.05))


def seen_as(colour: str, sight: str) -> np.ndarray:
    """Return the CIE Lab colour that an eye of this kind of sight gets."""
    seen = np.clip(np.asarray(SIGHT[sight]) @ linear(colour), 0, 1)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return rgb2lab(encoded)


def grounds(mode: str) -> list[str]:
    """Return every background of a mode that text in the colour of a role may stand on."""
    colours = THEME[mode]
    return [
        part[name]
        for part in (colours, colours["sidebar"])
        for name in ("backgroundColor", "secondaryBackgroundColor")
    ]


def test_the_measures_agree_with_known_values():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)  # a known near miss
    grey = seen_as("#808080", "deuteranopia")  # greys stay grey
    np.testing.assert_allclose(grey, seen_as("#808080", "full colour vision"), atol=0.01)
    red, green = (seen_as(colour, "protanopia") for colour in ("#8F4D00", "#4E5F00"))
    full = (seen_as(colour, "full colour vision") for colour in ("#8F4D00", "#4E5F00"))
    assert deltaE_ciede2000(red, green) < deltaE_ciede2000(*full) / 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("role", ROLES)
def test_text_in_the_colour_of_a_role_is_readable_on_every_background(role, mode):
    for ground in grounds(mode):
        assert contrast(getattr(ROLES[role], mode), ground) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["textColor", "linkColor", "primaryColor"])
def test_the_other_text_is_readable_on_every_background(name, mode):
    for ground in grounds(mode):
        assert contrast(THEME[mode][name], ground) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("role", ROLES)
def test_areas_in_a_figure_stand_out_in_both_modes(role, mode):
    for name in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(ROLES[role].figure, THEME[mode][name]) >= 3


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("use", [*MODES, "figure"])
def test_no_two_roles_look_alike(use, sight):
    apart = {
        pair: float(deltaE_ciede2000(*(seen_as(getattr(ROLES[role], use), sight) for role in pair)))
        for pair in ROLE_PAIRS
    }
    assert {pair: value for pair, value in apart.items() if value < TOLD_APART} == {}


@pytest.mark.parametrize("mode", MODES)
def test_the_page_shows_the_colours_of_the_figures(mode):
    for role in ROLES.values():
        assert THEME[mode][f"{role.streamlit}Color"] == getattr(role, mode)
        assert THEME[mode][f"{role.streamlit}TextColor"] == getattr(role, mode)
    assert THEME[mode]["backgroundColor"] == BACKGROUND[mode]
    assert THEME[mode]["chartCategoricalColors"] == [role.figure for role in ROLES.values()]
    assert THEME[mode]["primaryColor"] == getattr(ROLES["cursor"], mode)
    assert THEME[mode]["linkColor"] == getattr(ROLES["input"], mode)


def test_colours_are_written_so_that_every_reader_takes_them():
    written = [getattr(role, use) for role in ROLES.values() for use in (*MODES, "figure")]
    for colour in [*written, *BACKGROUND.values()]:
        assert len(colour) == 7
        assert colour.startswith("#")
        assert colour == colour.upper()
    assert len(set(written)) == len(written)


def test_every_font_is_served_by_the_app_itself():
    faces = THEME["fontFaces"]
    for face in faces:
        assert face["url"].startswith("/assets/fonts/")
        file = ASSETS / face["url"].removeprefix("/assets/")
        assert file.read_bytes()[:4] == b"wOF2"
    named = {THEME[name].split(",")[0] for name in ("font", "codeFont")}
    assert named == {face["family"] for face in faces}


def test_no_font_lies_there_unused():
    served = {face["url"].rsplit("/", 1)[1] for face in THEME["fontFaces"]}
    assert {file.name for file in (ASSETS / "fonts").glob("*.woff2")} == served


def test_the_settings_name_no_other_host():
    text = CONFIG.read_text(encoding="utf-8")
    assert "http:" not in text
    assert "https:" not in text
    assert "//" not in text
    assert SETTINGS["browser"]["gatherUsageStats"] is False
    assert SETTINGS["server"]["address"] == "localhost"
