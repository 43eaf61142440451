"""Scripts that classify pictures with torchvision alone, as a page has just done it."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.catalogue import OWN, facts, weights_of
from cnnlab.checks import InputError, in_range
from cnnlab.ensembling import view_names

__all__ = ["classify_code"]

_RESIZED = """\
recipe = weights.transforms()
resized = F.resize(
    image, recipe.resize_size, recipe.interpolation, antialias=recipe.antialias
)
"""
_CUTS = {
    "Middle and mirrored": """\
middle = F.center_crop(resized, recipe.crop_size)
cuts = [middle, F.hflip(middle)]
""",
    "Five crops": "cuts = F.five_crop(resized, recipe.crop_size)  # four corners, the middle\n",
    "Ten crops": "cuts = F.ten_crop(resized, recipe.crop_size)  # the same, and mirrored\n",
    OWN: """\
middle = weights.transforms()(image)
batch = torch.stack([middle, middle.flip(-1)])""",
}
_NORMALISED = """\
numbers = [F.convert_image_dtype(F.pil_to_tensor(cut), torch.float32) for cut in cuts]
batch = F.normalize(torch.stack(numbers), recipe.mean, recipe.std)"""


def classify_code(
    *names: str,
    k: int = 5,
    temperature: float = 1.0,
    crops: str = "Middle",
    mean: str = "probabilities",
    photos: Sequence[str] = ("photo.jpg",),
) -> str:
    """Return a script that does with torchvision alone what the lab does.

    Parameters
    ----------
    *names : str
        The networks; with several of them, each classifies the first photo.
    k : int
        How many classes to print.
    temperature : float
        What the scores are divided by before the softmax.
    crops, mean : str
        As for `cnnlab.preprocessing.views` and `cnnlab.ensembling.combine`.
    photos : sequence of str
        The files that the script opens; several with one network.

    Returns
    -------
    str
        Python code; it downloads weights that are not there.

    Raises
    ------
    InputError
        If a network is not torchvision's, or there are not `k` classes.

    Examples
    --------
    >>> print(classify_code("resnet18"))
    import torch
    from PIL import Image, ImageOps
    from torchvision.models import ResNet18_Weights, resnet18
    <BLANKLINE>
    weights = ResNet18_Weights.IMAGENET1K_V1
    model = resnet18(weights=weights).eval()
    <BLANKLINE>
    image = ImageOps.exif_transpose(Image.open('photo.jpg')).convert("RGB")  # upright
    batch = weights.transforms()(image).unsqueeze(0)  # (1, 3, H, W)
    <BLANKLINE>
    with torch.inference_mode():
        probabilities = model(batch).squeeze(0).softmax(0)
    best = probabilities.topk(5)
    for index, probability in zip(best.indices.tolist(), best.values.tolist()):
        print(f"{probability:8.4%}  {weights.meta['categories'][index]}")
    <BLANKLINE>
    """
    for name in names:
        k = in_range(k, name="k", low=1, high=len(weights_of(name).meta["categories"]))
    if not names or not photos:
        raise InputError("a script needs at least one network and one photo")
    view_names(crops)
    if len(names) > 1:
        return _several_networks(names, k=k, photo=photos[0])
    if len(photos) > 1:
        return _several_photos(names[0], k=k, photos=photos)
    if crops == "Middle":
        return _plain(names[0], k=k, temperature=temperature, photo=photos[0])
    return _views(names[0], k=k, crops=crops, mean=mean, photo=photos[0])


def _head(name: str, *, more: str = "") -> str:
    if name == OWN:
        return """\
import torch
from PIL import Image, ImageOps

from cnnlab import digits

weights = digits.DigitWeights()
model = digits.load()
"""
    weights = facts(name).weights  # "ResNet18_Weights.IMAGENET1K_V1"
    return f"""\
import torch
from PIL import Image, ImageOps
from torchvision.models import {weights.split(".")[0]}, {name}
{more}
weights = {weights}
model = {name}(weights=weights).eval()
"""


def _shape(name: str, n_views: int = 1) -> str:
    """Return the shape of a batch, for a comment."""
    return f"({n_views}, 1, 28, 28)" if name == OWN else f"({n_views}, 3, H, W)"


def _open(photo: str) -> str:
    return f'image = ImageOps.exif_transpose(Image.open({photo})).convert("RGB")  # upright'


def _print(k: int, *, indent: str = "") -> str:
    lines = f"""\
best = probabilities.topk({k})
for index, probability in zip(best.indices.tolist(), best.values.tolist()):
    print(f"{{probability:8.4%}}  {{weights.meta['categories'][index]}}")
"""
    return "".join(f"{indent}{line}\n" for line in lines.splitlines())


def _plain(name: str, *, k: int, temperature: float, photo: str) -> str:
    scores = "model(batch).squeeze(0)"
    if temperature != 1:
        scores = f"({scores} / {temperature:g})"
    return f"""\
{_head(name)}
{_open(repr(photo))}
batch = weights.transforms()(image).unsqueeze(0)  # {_shape(name)}

with torch.inference_mode():
    probabilities = {scores}.softmax(0)
{_print(k)}"""


def _views(name: str, *, k: int, crops: str, mean: str, photo: str) -> str:
    n_views = len(view_names(crops))
    cutting = _CUTS[OWN] if name == OWN else _RESIZED + _CUTS[crops] + _NORMALISED
    together = (
        "logits.softmax(1).mean(0)" if mean == "probabilities" else "logits.mean(0).softmax(0)"
    )
    more = "from torchvision.transforms import functional as F\n"
    return f"""\
{_head(name, more=more)}
{_open(repr(photo))}
{cutting}  # {_shape(name, n_views)}

with torch.inference_mode():
    logits = model(batch)  # ({n_views}, {len(weights_of(name).meta["categories"])})
probabilities = {together}  # the mean of the {mean}
{_print(k)}"""


def _several_networks(names: Sequence[str], *, k: int, photo: str) -> str:
    listed = "".join(f"    {name!r},\n" for name in names if name != OWN)
    if OWN in names:
        listed += f"    # {OWN} is the lab's own: cnnlab.digits.load() returns it\n"
    return f"""\
import torch
from PIL import Image, ImageOps
from torchvision.models import get_model, get_model_weights

{_open(repr(photo))}

for name in [
{listed}]:
    weights = get_model_weights(name).DEFAULT
    model = get_model(name, weights=weights).eval()
    batch = weights.transforms()(image).unsqueeze(0)  # each network has its own recipe
    with torch.inference_mode():
        probabilities = model(batch).squeeze(0).softmax(0)
    print(name)
{_print(k, indent="    ")}"""


def _several_photos(name: str, *, k: int, photos: Sequence[str]) -> str:
    listed = "".join(f"    {photo!r},\n" for photo in photos)
    return f"""\
{_head(name)}
for photo in [
{listed}]:
    {_open("photo")}
    batch = weights.transforms()(image).unsqueeze(0)  # {_shape(name)}
    with torch.inference_mode():
        probabilities = model(batch).squeeze(0).softmax(0)
    print(photo)
{_print(k, indent="    ")}"""
