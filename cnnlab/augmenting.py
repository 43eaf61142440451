"""Change pictures at random as a training loop does, with torchvision's own operations.

Chance never comes from torch's generator. That one belongs to the whole process, and
``torch.random.fork_rng`` only saves and restores it, so two visitors who draw at the same time
would disturb each other. Here every change draws its numbers from a NumPy generator of its own,
made from (seed, epoch, picture, place of the change), and hands them to the functional form of
torchvision's transform, which draws nothing. So the same link shows the same pictures to everyone,
and switching one change on leaves what the others draw as it was.

Each change is one function. It takes a picture, Tensor of shape (3, H, W) with whole numbers from
0 to 255 (uint8), a generator and its settings, whose ranges stand in
`cnnlab.augmentation.CHANGES`, and returns the new picture and the numbers that chance gave.
Erased pixels get ImageNet's mean colour, since torchvision erases after the normalisation, where
the mean is 0.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from cnnlab.augmentation import CHANGES, Change

__all__ = [
    "FUNCTIONS",
    "Step",
    "centre_crop",
    "colour",
    "cut_out",
    "elastic",
    "erase",
    "flip",
    "mix_up",
    "moves",
    "prepare",
    "random_crop",
    "random_resized_crop",
    "relabelled",
    "rotate",
    "scale",
    "source_code",
    "steps",
    "to_picture",
    "version",
    "warp",
]

Random: TypeAlias = np.random.Generator
Drawn: TypeAlias = dict[str, Any]  # the numbers that chance gave, by name


@dataclass(frozen=True)
class Step:
    """A picture after one change.

    Attributes
    ----------
    name : str
        A key of `cnnlab.augmentation.CHANGES`.
    picture : Tensor of shape (3, H, W)
        Whole numbers from 0 to 255 (uint8).
    drawn : dict
        The numbers that chance gave for it.
    """

    name: str
    picture: Tensor
    drawn: Drawn


def prepare(image: Image.Image) -> Tensor:
    """Return the middle square of a picture, 256 × 256 pixels.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size and mode.

    Returns
    -------
    Tensor of shape (3, 256, 256)
        Whole numbers from 0 to 255 (uint8).
    """
    picture = F.pil_to_tensor(image.convert("RGB"))
    square: Tensor = F.center_crop(picture, min(picture.shape[-2:]))
    resized: Tensor = F.resize(square, [256, 256], antialias=True)
    return resized


def centre_crop(picture: Tensor, rng: Random) -> tuple[Tensor, Drawn]:
    """Return the middle of the picture, as when a network is tested: nothing is left to chance."""
    top, left = ((side - 224) // 2 for side in picture.shape[-2:])
    drawn = {"top": top, "left": left, "height": 224, "width": 224}
    return F.center_crop(picture, 224), drawn


def random_crop(picture: Tensor, rng: Random) -> tuple[Tensor, Drawn]:
    """Return a square part of the picture at a random place, as v2.RandomCrop(224) does.

    Source: Krizhevsky et al., ImageNet Classification with Deep CNNs, 2012, section 4.1.
    """
    height, width = picture.shape[-2:]
    top = int(rng.integers(height - 224 + 1))  # 256 - 224 + 1 = 33 places
    left = int(rng.integers(width - 224 + 1))
    drawn = {"top": top, "left": left, "height": 224, "width": 224}
    return F.crop(picture, **drawn), drawn


def random_resized_crop(picture: Tensor, rng: Random, *, smallest: float) -> tuple[Tensor, Drawn]:
    """Return a part of random size, shape and place, as v2.RandomResizedCrop(224) does.

    Source: Szegedy et al., Going Deeper with Convolutions, 2015, section 6.
    """
    height, width = picture.shape[-2:]
    for _ in range(10):
        area = height * width * rng.uniform(smallest, 1)
        ratio = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))  # width over height
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if w <= width and h <= height:
            top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
            break
    else:  # none fitted: the whole picture
        top, left, h, w = 0, 0, height, width
    drawn = {"top": top, "left": left, "height": h, "width": w}
    return F.resized_crop(picture, **drawn, size=[224, 224], antialias=True), drawn


def flip(picture: Tensor, rng: Random, *, direction: str, p: float) -> tuple[Tensor, Drawn]:
    """Mirror the picture with probability p, as v2.RandomHorizontalFlip(p) does."""
    drawn = {"sideways": False, "upright": False}
    if direction in ("left-right", "both") and rng.uniform() < p:
        picture, drawn["sideways"] = F.horizontal_flip(picture), True
    if direction in ("up-down", "both") and rng.uniform() < p:
        picture, drawn["upright"] = F.vertical_flip(picture), True
    return picture, drawn


def rotate(picture: Tensor, rng: Random, *, degrees: float) -> tuple[Tensor, Drawn]:
    """Turn the picture by up to so many degrees, as v2.RandomRotation does."""
    angle = rng.uniform(-degrees, degrees)  # above zero: against the clock
    turned = F.rotate(picture, angle, interpolation=F.InterpolationMode.BILINEAR, fill=0)
    return turned, {"angle": angle}


def scale(picture: Tensor, rng: Random, *, spread: float) -> tuple[Tensor, Drawn]:
    """Enlarge or reduce, as v2.RandomAffine does with its scale."""
    factor = rng.uniform(1 - spread, 1 + spread)
    smooth = F.InterpolationMode.BILINEAR
    scaled = F.affine(picture, 0.0, [0, 0], factor, [0.0, 0.0], interpolation=smooth, fill=0)
    return scaled, {"factor": factor}


def colour(
    picture: Tensor,
    rng: Random,
    *,
    brightness: float,
    contrast: float,
    saturation: float,
    hue: float,
) -> tuple[Tensor, Drawn]:
    """Change the colours, in a random order, as v2.ColorJitter does."""
    drawn = {
        "brightness": rng.uniform(1 - brightness, 1 + brightness),
        "contrast": rng.uniform(1 - contrast, 1 + contrast),
        "saturation": rng.uniform(1 - saturation, 1 + saturation),
        "hue": rng.uniform(-hue, hue),
    }
    adjust = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]
    factors = list(drawn.values())
    for place in rng.permutation(4):
        picture = adjust[place](picture, factors[place])
    return picture, drawn


def elastic(picture: Tensor, rng: Random, *, alpha: float, sigma: float) -> tuple[Tensor, Drawn]:
    """Bend the picture by a smooth random field, as v2.ElasticTransform(alpha, sigma) does.

    Source: Simard et al., Best Practices for Convolutional Neural Networks, 2003.
    """
    height, width = picture.shape[-2:]
    noise = rng.uniform(-1, 1, size=(1, 2, height, width))  # for x, for y
    kernel = int(8 * sigma + 1) | 1  # odd
    # A Gaussian blur along the rows, then along the columns: much faster than both at once.
    field = F.gaussian_blur(torch.tensor(noise).float(), [kernel, 1], [sigma, sigma])
    field = F.gaussian_blur(field, [1, kernel], [sigma, sigma])
    # torchvision counts from -1 to 1 across the picture.
    field = field * alpha / torch.tensor([width, height])[:, None, None]
    field = field.permute(0, 2, 3, 1)  # (1, H, W, 2)
    return F.elastic(picture, field, fill=0), {"field": field}


def erase(picture: Tensor, rng: Random, *, largest: float) -> tuple[Tensor, Drawn]:
    """Erase a rectangle of random size, shape and place, as v2.RandomErasing(p=1) does.

    Source: Zhong et al., Random Erasing Data Augmentation, 2017, arXiv:1708.04896.
    """
    height, width = picture.shape[-2:]
    for _ in range(10):
        area = height * width * rng.uniform(0.02, largest)
        ratio = math.exp(rng.uniform(math.log(0.3), math.log(3.3)))  # height over width
        h, w = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if h < height and w < width:
            top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
            break
    else:  # none fitted: nothing is erased
        top, left, h, w = 0, 0, 0, 0
    grey = torch.tensor([124, 116, 104], dtype=torch.uint8)[:, None, None]  # ImageNet's mean
    drawn = {"top": top, "left": left, "height": h, "width": w}
    return F.erase(picture, top, left, h, w, grey), drawn


def cut_out(picture: Tensor, rng: Random, *, side: float) -> tuple[Tensor, Drawn]:
    """Erase a square around a random pixel; at the border, part of it falls outside.

    Source: DeVries and Taylor, cutout, 2017, arXiv:1708.04552.
    """
    height, width = picture.shape[-2:]
    row, column, half = int(rng.integers(height)), int(rng.integers(width)), int(side) // 2
    top, left = max(row - half, 0), max(column - half, 0)
    h, w = min(row + half, height) - top, min(column + half, width) - left
    grey = torch.tensor([124, 116, 104], dtype=torch.uint8)[:, None, None]  # ImageNet's mean
    drawn = {"top": top, "left": left, "height": h, "width": w}
    return F.erase(picture, top, left, h, w, grey), drawn


def mix_up(picture: Tensor, rng: Random, *, other: Tensor, alpha: float) -> tuple[Tensor, Drawn]:
    """Mix two pictures, as v2.MixUp(alpha=alpha) does; their labels are mixed the same way.

    Source: Zhang et al., mixup, 2018, arXiv:1710.09412.
    """
    lam = float(rng.beta(alpha, alpha))
    mixed = lam * picture.float() + (1 - lam) * other.float()
    return mixed.round().byte(), {"lam": lam}


_FUNCTIONS = (
    centre_crop,
    random_crop,
    random_resized_crop,
    flip,
    rotate,
    scale,
    colour,
    elastic,
    erase,
    cut_out,
    mix_up,
)
FUNCTIONS: dict[str, Callable[..., tuple[Tensor, Drawn]]] = {
    function.__name__: function for function in _FUNCTIONS
}
"""The function of each change."""


def steps(
    picture: Tensor,
    recipe: Sequence[Change],
    *,
    seed: int,
    epoch: int,
    number: int = 0,
    other: Tensor | None = None,
) -> list[Step]:
    """Return the picture after each change of a recipe, for one epoch.

    Parameters
    ----------
    picture : Tensor of shape (3, H, W)
        What `prepare` returned.
    recipe : sequence of Change
        The changes, in their order.
    seed, epoch : int
        What chance depends on, from 0.
    number : int
        Which picture of the batch this is: each draws its own numbers.
    other : Tensor of shape (3, H, W), optional
        The second picture, for a mixture; it is changed by the same recipe first.

    Returns
    -------
    list of Step
        One for each change.

    Examples
    --------
    >>> grey = prepare(Image.new("RGB", (300, 200), (90, 90, 90)))
    >>> [step.name for step in steps(grey, [Change("random_crop")], seed=0, epoch=3)]
    ['random_crop']
    """
    taken = []
    for change in recipe:
        rng = np.random.default_rng([seed, epoch, number, _place(change)])
        keywords: dict[str, Any] = change.keywords
        if change.name == "mix_up":
            if other is None:
                raise TypeError("a mixture takes a second picture")
            before = [part for part in recipe if part.name != "mix_up"]
            second = steps(other, before, seed=seed, epoch=epoch, number=1)
            keywords["other"] = second[-1].picture if second else other
        picture, drawn = FUNCTIONS[change.name](picture, rng, **keywords)
        if change.name == "mix_up":
            drawn["other"] = keywords["other"]
        taken.append(Step(change.name, picture, drawn))
    return taken


def version(
    picture: Tensor,
    recipe: Sequence[Change],
    *,
    seed: int,
    epoch: int,
    other: Tensor | None = None,
) -> Tensor:
    """Return what the network sees of a picture in one epoch; parameters as for `steps`.

    Returns
    -------
    Tensor of shape (3, 224, 224)
        Whole numbers from 0 to 255 (uint8), if the recipe begins with a crop.

    Examples
    --------
    >>> grey = prepare(Image.new("RGB", (300, 200), (90, 90, 90)))
    >>> version(grey, [Change("random_crop"), Change("flip")], seed=0, epoch=3).shape
    torch.Size([3, 224, 224])
    """
    taken = steps(picture, recipe, seed=seed, epoch=epoch, other=other)
    return taken[-1].picture if taken else picture


def warp(picture: Tensor, field: Tensor) -> Tensor:
    """Return a picture bent by a field that `elastic` drew, to bend a grid as the picture was.

    Parameters
    ----------
    picture : Tensor of shape (3, H, W)
        Any numbers.
    field : Tensor of shape (1, H, W, 2)
        For each pixel of the result, how far from it to read: (x, y), 2 across the picture.

    Returns
    -------
    Tensor of shape (3, H, W)
        The bent picture; what is read outside is 0.
    """
    bent: Tensor = F.elastic(picture, field, fill=0)
    return bent


def moves(field: Tensor) -> NDArray[np.float64]:
    """Return how far each pixel of a bent picture has come, in pixels.

    Parameters
    ----------
    field : Tensor of shape (1, H, W, 2)
        What `elastic` drew: how far from each pixel to read, 2 across the picture.

    Returns
    -------
    ndarray of shape (H, W, 2)
        (x, y): a pixel that was read from the right has moved to the left.

    Examples
    --------
    >>> moves(torch.full((1, 4, 4, 2), 0.5))[0, 0].tolist()
    [-1.0, -1.0]
    """
    size = np.array([field.shape[2], field.shape[1]])
    found: NDArray[np.float64] = -field[0].double().numpy() * size / 2
    return found


def relabelled(image: Image.Image, kind: str) -> Image.Image:
    """Return a picture after one of the changes of `cnnlab.label_checks`.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.
    kind : str
        One of `cnnlab.label_checks.KINDS`.

    Returns
    -------
    PIL.Image.Image
        The same size. Corners that turn in from outside have the colour of the first pixel.
    """
    picture = F.pil_to_tensor(image)
    fill = [float(value) for value in picture[:, 0, 0]]
    smooth = F.InterpolationMode.BILINEAR
    changed = {
        "Flip left-right": lambda: F.horizontal_flip(picture),
        "Half turn": lambda: F.rotate(picture, 180.0),
        "Turn by 10°": lambda: F.rotate(picture, 10.0, interpolation=smooth, fill=fill),
        "Hue + ⅓ turn": lambda: F.adjust_hue(picture, 1 / 3),
    }
    return to_picture(changed[kind]())


def to_picture(picture: Tensor) -> Image.Image:
    """Return a tensor of shape (3, H, W) with whole numbers from 0 to 255 as a picture."""
    image: Image.Image = F.to_pil_image(picture)
    return image


def source_code(
    recipe: Sequence[Change], *, seed: int, epochs: int = 8, labels: tuple[str, str] = ("", "")
) -> str:
    """Return a script that makes the same pictures with torchvision alone.

    The functions in it are the lab's own.

    Parameters
    ----------
    recipe : sequence of Change
        The changes, in their order.
    seed : int
        What chance depends on.
    epochs : int
        How many versions.
    labels : pair of str
        The classes of the two pictures of a mixture.

    Returns
    -------
    str
        Python code. It reads ``photo.png``, and ``other.png`` for a mixture, and writes
        ``version1.png`` and so on.

    Examples
    --------
    >>> "F.horizontal_flip" in source_code([Change("flip")], seed=0)
    True
    """
    functions: list[Callable[..., Any]] = [
        prepare,
        *(FUNCTIONS[change.name] for change in recipe),
    ]
    bodies = "\n\n\n".join(_plain(function) for function in functions)
    imports = ["import math", ""] if "math." in bodies else []
    imports += ["import numpy as np"]
    imports += ["import torch"] if "torch." in bodies else []
    imports += ["from PIL import Image", "from torchvision.transforms.v2 import functional as F"]
    heading = "\n".join(imports)
    calls = "".join(_call(change) for change in recipe if change.name != "mix_up")
    mixture = opened = ""
    for change in recipe:
        if change.name == "mix_up":
            opened = '\nother = prepare(Image.open("other.png"))'
            mixture = _mixture(change, labels)
    return f"""\
{heading}

SEED = {seed}


{bodies}


def version(picture, epoch, number=0):
    def rng(change):  # each change of each picture of the batch has a generator of its own
        return np.random.default_rng([SEED, epoch, number, change])

{calls}    return picture


photo = prepare(Image.open("photo.png")){opened}
for epoch in range({epochs}):
    picture = version(photo, epoch){mixture}
    F.to_pil_image(picture).save(f"version{{epoch + 1}}.png")
"""


def _call(change: Change) -> str:
    """Return the line of a script that makes a change."""
    words = "".join(f", {name}={value!r}" for name, value in change.keywords.items())
    return f"    picture, drawn = {change.name}(picture, rng({_place(change)}){words})\n"


def _mixture(change: Change, labels: tuple[str, str]) -> str:
    """Return the lines of a script that mix two pictures and their labels."""
    first, second = labels
    return f"""
    second = version(other, epoch, number=1)  # each picture of a batch has its own changes
    rng = np.random.default_rng([SEED, epoch, 0, {_place(change)}])
    picture, drawn = mix_up(picture, rng, other=second, alpha={change.keywords["alpha"]!r})
    lam = drawn["lam"]
    print(f"label: {{lam:.2f}} {first} + {{1 - lam:.2f}} {second}")"""


def _place(change: Change) -> int:
    return list(CHANGES).index(change.name)


def _plain(function: Callable[..., Any]) -> str:
    """Return the source of a function without types, with one line of its docstring."""
    source = inspect.getsource(function)
    (tree,) = ast.parse(source).body
    assert isinstance(tree, ast.FunctionDef)
    for argument in (*tree.args.args, *tree.args.kwonlyargs):
        argument.annotation = None
    says = (ast.get_docstring(tree) or "").splitlines()[0]
    after = tree.body[0].end_lineno  # the docstring's last line; the comments below it stay
    body = "\n".join(source.splitlines()[after:]).strip("\n")
    body = re.sub(r": Tensor = ", " = ", body)
    return f'def {tree.name}({ast.unparse(tree.args)}):\n    """{says}"""\n{body}'
