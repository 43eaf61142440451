"""The bundled sample pictures: what each shows, where it comes from, and its pixels."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from PIL import Image

from cnnlab.checks import InputError
from cnnlab.images import load_image

__all__ = ["SAMPLES", "Sample", "sample"]


@dataclass(frozen=True)
class Sample:
    """A picture that is there without an upload.

    Parameters
    ----------
    name : str
        The short stable name that stands in links.
    title : str
        What a menu shows.
    alt : str
        One sentence that says what the picture shows, for those who cannot see it.
    credit : str
        Where the picture comes from and under which terms.
    """

    name: str
    title: str
    alt: str
    credit: str


def sample(name: str) -> Image.Image:
    """Return one of the bundled pictures.

    The files lie in the scikit-image package and are read from there. Its own functions are not
    called: they may reach for the internet.

    Parameters
    ----------
    name : str
        A key of `SAMPLES`.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.

    Raises
    ------
    InputError
        If there is no sample of that name.

    Examples
    --------
    >>> sample("cat").size
    (451, 300)
    """
    if name not in SAMPLES:
        raise InputError(f"there is no sample {name!r}, choose one of {', '.join(SAMPLES)}")
    package = importlib.util.find_spec("skimage")  # finds the folder, imports nothing
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("the samples need scikit-image: pip install scikit-image")
    folder = Path(package.submodule_search_locations[0]) / "data"
    return load_image((folder / _FILES[name]).read_bytes())


_CC0 = "CC0, via scikit-image"
_FREE = "no known copyright restrictions, via scikit-image"
_ROWS = (  # name, file, title, alt, credit as in the docstrings of skimage.data
    (
        "cat",
        "chelsea.png",
        "Cat",
        "The face of a ginger tabby cat with green eyes, looking past the camera.",
        f"Chelsea, by Stefan van der Walt; {_CC0}.",
    ),
    (
        "astronaut",
        "astronaut.png",
        "Astronaut",
        "A smiling woman in an orange space suit, in front of a flag and a model of a shuttle.",
        "Eileen Collins, NASA Great Images; public domain, via scikit-image.",
    ),
    (
        "coffee",
        "coffee.png",
        "Coffee cup",
        "A cup of espresso on a red saucer with a spoon, on a wooden table.",
        f"By Rachel Michetti, courtesy of Pikolo Espresso Bar; {_CC0}.",
    ),
    (
        "rocket",
        "rocket.jpg",
        "Rocket",
        "A white rocket on its launch pad at dusk, between tall masts and bright lamps.",
        "Falcon 9 with DSCOVR, by SpaceX; public domain, via scikit-image.",
    ),
    (
        "camera",
        "camera.png",
        "Photographer",
        "A man in a dark coat looks through a camera on a tripod, on a lawn before a skyline.",
        f"By Lav Varshney; {_CC0}.",
    ),
    (
        "horse",
        "horse.png",
        "Horse",
        "The black silhouette of a standing horse that faces right, on white.",
        f"By Andreas Preuss (marauder), Openclipart; {_CC0}.",
    ),
    (
        "coins",
        "coins.png",
        "Coins",
        "Four rows of six ancient coins, light grey on a dark grey ground.",
        f"Greek coins from Pompeii, Brooklyn Museum; {_FREE}.",
    ),
    (
        "clock",
        "clock_motion.png",
        "Blurred clock",
        "A round wall clock on a grey wall, smeared sideways by a moving camera.",
        "By Stefan van der Walt; public domain, via scikit-image.",
    ),
    (
        "page",
        "page.png",
        "Printed page",
        "A few lines of printed English text on paper, unevenly lit and slightly curved.",
        "Scanned page; shipped with scikit-image under BSD-3-Clause, no separate terms stated.",
    ),
    (
        "writing",
        "text.png",
        "Handwriting",
        "Mathematical formulas written by hand on lined grey paper, seen at an angle.",
        "Corner.png, Wikipedia; public domain, via scikit-image.",
    ),
    (
        "brick",
        "brick.png",
        "Brick wall",
        "A wall of dark grey bricks with light joints, turned so that the rows run upwards.",
        f"CC0Textures, Bricks25; {_CC0}.",
    ),
    (
        "grass",
        "grass.png",
        "Grass",
        "Blades of grass and small leaves in grey, seen from above, without any order.",
        f"By linolafett, DeviantArt; {_CC0}.",
    ),
    (
        "gravel",
        "gravel.png",
        "Gravel",
        "Small grey stones that fill the picture, with dark gaps between them.",
        f"CC0Textures, Gravel04; {_CC0}.",
    ),
    (
        "galaxies",
        "hubble_deep_field.jpg",
        "Galaxies",
        "Hundreds of small galaxies in orange, white and blue, scattered over black sky.",
        "Hubble eXtreme Deep Field, NASA; public domain, via scikit-image.",
    ),
    (
        "retina",
        "retina.jpg",
        "Retina",
        "The back of an eye as an orange disc with branching red vessels and a bright spot.",
        f"By Mikael Häggström, Wikimedia Commons; {_CC0}.",
    ),
    (
        "tissue",
        "ihc.png",
        "Tissue",
        "Glands under a microscope, stained brown, among many small blue nuclei.",
        f"Colonic glands, Center for Microscopy and Molecular Imaging; {_FREE}.",
    ),
    (
        "cell",
        "cell.png",
        "Cell",
        "One bright round cell on a dark ground with faint bands.",
        f"By Paul Müller and others, 2018, doi:10.1364/OE.26.010729; {_CC0}.",
    ),
)
_FILES = {name: file for name, file, *_ in _ROWS}
SAMPLES: Mapping[str, Sample] = MappingProxyType(
    {name: Sample(name, title, alt, credit) for name, _, title, alt, credit in _ROWS}
)
