"""Receptive field of any layer of a real network: which pixels of its input a cell can see.

The network runs once on torch's "meta" device, where tensors have shapes and no numbers. Beside
each tensor goes what one of its cells sees: convolutions and poolings widen it, joins take the
union of their branches, everything that works on single numbers leaves it alone. So the answer is
exact for every way through the network and costs no arithmetic.
"""

from __future__ import annotations

import copy
import difflib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnnlab import digits
from cnnlab.catalogue import OWN
from cnnlab.checks import InputError
from cnnlab.layers import Conv2d, Pool2d
from cnnlab.model_cost import empty_model, input_shape
from cnnlab.receptive import ReceptiveField, receptive_field, union

__all__ = ["NetworkField", "box_of_cell", "model_fields", "network_fields", "receptive_field_of"]

KEPT = 32  # networks whose fields stay in memory, some 100 kB each
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class NetworkField:
    """What one cell of a layer's output sees of the network's input.

    Of several branches the union counts; in a layer whose channels see differently much
    (Inception, ShuffleNet) it is what all its channels together see.

    Attributes
    ----------
    rows, columns : ReceptiveField
        Size, jump and start along the picture's height and width, in input pixels. Their size is
        None where the cell sees the whole picture, however large it is.
    whole : bool
        Whether a way through the network averages over the whole picture. Where `rows.size` is a
        number nevertheless (squeeze-and-excitation), each pixel of the picture can rescale a
        channel, and `rows` and `columns` say what the cell sees without that branch.
    """

    rows: ReceptiveField
    columns: ReceptiveField
    whole: bool = False

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) in input pixels, padding included; None for the whole picture."""
        if self.rows.size is None or self.columns.size is None:
            return None
        return self.rows.size, self.columns.size

    @property
    def jump(self) -> tuple[int, int]:
        """Input pixels from one cell to the next, down and to the right."""
        return self.rows.jump, self.columns.jump

    @property
    def start(self) -> tuple[int, int]:
        """First row and column that cell (0, 0) sees; negative where that is padding."""
        return self.rows.start, self.columns.start

    def box(self, cell: tuple[int, int]) -> Box:
        """Return what a cell sees: (top, left, bottom, right), the last two exclusive.

        Parameters
        ----------
        cell : pair of int
            Row and column.

        Raises
        ------
        InputError
            If the cell sees the whole picture.
        """
        top, bottom = self.rows.of_cell(cell[0])
        left, right = self.columns.of_cell(cell[1])
        return top, left, bottom, right

    def area(self, shape: tuple[int, int]) -> tuple[float, float, float, float]:
        """Return where a feature map lies on the picture: each cell in the middle of its field.

        Parameters
        ----------
        shape : pair of int
            (H, W) of the feature map.

        Returns
        -------
        tuple of float
            (top, left, bottom, right) in input pixels; a cell takes jump × jump of them.

        Raises
        ------
        InputError
            If the cells see the whole picture.

        Examples
        --------
        >>> receptive_field_of("lenet_digits", "conv1").area((24, 24))
        (2.0, 2.0, 26.0, 26.0)
        """
        if self.size is None:
            raise InputError("a cell that sees the whole input has no place on it")
        ends = []
        for start, size, jump, n in zip(self.start, self.size, self.jump, shape, strict=True):
            first = start + (size - jump) / 2
            ends.append((first, first + n * jump))
        (top, bottom), (left, right) = ends
        return top, left, bottom, right


@dataclass(frozen=True)
class _Seen:
    """What a tensor's cells see, and where it keeps their positions."""

    rows: ReceptiveField | None  # None: the whole picture, without a place
    columns: ReceptiveField | None
    axes: tuple[int, int]  # dimensions of the tensor along which the cells stand
    whole: bool = False
    unknown: str = ""  # an operation of which no rule is known


_NOWHERE = _Seen(None, None, (-1, -1), whole=True)


def receptive_field_of(name: str, layer: str) -> NetworkField:
    """Return what one cell of a layer of a network sees of the prepared picture.

    Parameters
    ----------
    name : str
        One of torchvision's networks, or the lab's own.
    layer : str
        A module, as ``model.named_modules()`` spells it; "" for the network itself. A module that
        runs several times (a shared ReLU) counts where it runs last.

    Returns
    -------
    NetworkField
        Size, jump and start along rows and columns.

    Raises
    ------
    InputError
        If there is no such network or layer, or its field is not known (attention).

    References
    ----------
    .. [1] Araujo, Norris and Sim, 2019, "Computing receptive fields of convolutional neural
       networks", Distill, equations 2 and 5.

    Examples
    --------
    >>> field = receptive_field_of("resnet18", "layer2.0.conv1")
    >>> field.size, field.jump, field.start
    ((51, 51), (8, 8), (-25, -25))
    >>> receptive_field_of("resnet18", "fc").size is None
    True
    """
    seen = _fields_of(name)
    if layer not in seen:
        near = difflib.get_close_matches(layer, list(seen), n=3) or list(seen)[:3]
        raise InputError(f"{name} has no layer {layer!r}; it has, for example, {near}")
    return _as_field(seen[layer], f"{layer!r} of {name}")


def box_of_cell(name: str, layer: str, cell: tuple[int, int]) -> Box:
    """Return which pixels of the prepared picture one cell of a layer sees.

    Parameters
    ----------
    name, layer : str
        As in `receptive_field_of`.
    cell : pair of int
        Row and column in the feature map.

    Returns
    -------
    tuple of int
        (top, left, bottom, right), the last two exclusive. Not clipped: what lies outside the
        picture is padding. The whole picture where the cell sees all of it without a place.

    Raises
    ------
    InputError
        As `receptive_field_of`.

    Examples
    --------
    >>> box_of_cell("resnet18", "conv1", (0, 10))
    (-3, 17, 4, 24)
    """
    field = receptive_field_of(name, layer)
    if field.size is None:
        _, height, width = _input_shape(name)
        return 0, 0, height, width
    return field.box(cell)


def network_fields(name: str) -> Mapping[str, NetworkField]:
    """Return the receptive field of every layer of a network whose field is known.

    Parameters
    ----------
    name : str
        One of torchvision's networks, or the lab's own.

    Returns
    -------
    mapping of str to NetworkField
        By the module's name, in the order in which they finish.

    Examples
    --------
    >>> fields = network_fields("alexnet")
    >>> fields["features.0"].size, fields["features.12"].size
    ((11, 11), (195, 195))
    """
    known = {layer: seen for layer, seen in _fields_of(name).items() if not seen.unknown}
    return {layer: _as_field(seen, layer) for layer, seen in known.items()}


@lru_cache(maxsize=KEPT)
def _fields_of(name: str) -> Mapping[str, _Seen]:
    model = _copy_on_meta(digits.build()) if name == OWN else empty_model(name)
    return MappingProxyType(_run(model, _input_shape(name)))


def _input_shape(name: str) -> tuple[int, int, int]:
    return digits.INPUT_SHAPE if name == OWN else input_shape(name)


def model_fields(model: nn.Module, shape: tuple[int, int, int]) -> dict[str, NetworkField]:
    """Return the receptive field of every layer of any network.

    Parameters
    ----------
    model : torch.nn.Module
        It is not changed.
    shape : tuple of int
        (C, H, W) of its input.

    Returns
    -------
    dict of str to NetworkField
        By the module's name, "" for the network itself, in the order in which they finish.
        Modules whose field is not known are left out.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 5), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3))
    >>> model_fields(model, (1, 28, 28))["2"].size
    (10, 10)
    """
    seen = _run(_copy_on_meta(model), shape)
    return {name: _as_field(one, name) for name, one in seen.items() if not one.unknown}


def _copy_on_meta(model: nn.Module) -> nn.Module:
    """Return a copy of its own modules, without hooks and without numbers."""
    memo: dict[int, Any] = {}
    for weight in model.parameters():
        empty = torch.empty_like(weight, device="meta")
        memo[id(weight)] = nn.Parameter(empty, requires_grad=False)
    for buffer in model.buffers():
        memo[id(buffer)] = torch.empty_like(buffer, device="meta")
    for module in model.modules():
        for name, value in vars(module).items():
            if "_hooks" in name and isinstance(value, dict):
                memo[id(value)] = OrderedDict()
    twin: nn.Module = copy.deepcopy(model, memo).eval()
    return twin


def _run(model: nn.Module, shape: tuple[int, int, int]) -> dict[str, _Seen]:
    """Run a network that lies on the meta device; return what its modules' cells see."""
    found: dict[str, _Seen] = {}

    def note(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and hasattr(output, "_seen"):
            found.pop(name, None)  # a module that runs twice counts where it runs last
            found[name] = output._seen

    for name, module in model.named_modules():
        module.register_forward_hook(partial(note, name))
    x: Any = torch.empty(1, *shape, device="meta")
    x._seen = _Seen(ReceptiveField(), ReceptiveField(), (2, 3))
    with torch.no_grad(), _Following():
        model(x)
    return found


def _as_field(seen: _Seen, what: str) -> NetworkField:
    if seen.unknown:
        raise InputError(
            f"the receptive field of {what} is not known: on the way to it stands the operation "
            f"{seen.unknown!r}, for which there is no rule"
        )
    if seen.rows is None or seen.columns is None:
        everything = ReceptiveField(size=None)
        return NetworkField(everything, everything, whole=True)
    return NetworkField(seen.rows, seen.columns, seen.whole)


# What each operation does to a field -----------------------------------------------------------


class _Following(TorchFunctionMode):
    """While it lasts, each tensor carries what its cells see."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        before = _joined([*args, *kwargs.values()])  # first: the operation may work in place
        shapes = [tuple(value.shape) for value in args if isinstance(value, Tensor)]
        result = func(*args, **kwargs)
        outputs = result if isinstance(result, (tuple, list)) else [result]
        if before is None or not all(isinstance(output, Tensor) for output in outputs):
            return result  # a constant, or no tensor at all: a shape, a type
        name = str(getattr(func, "__name__", func)).strip("_")  # add_ works in place
        if before.unknown or (rule := _RULES.get(name)) is None:
            after = replace(before, unknown=before.unknown or name)
        else:
            after = rule(before, shapes[0] if shapes else (), outputs[0].shape, args, kwargs)
        for output in outputs:
            output._seen = after
        return result


def _joined(values: list[Any]) -> _Seen | None:
    """Return the union of what the tensors among some arguments see."""
    seen: list[_Seen] = []
    for value in values:
        if isinstance(value, (tuple, list)):  # of torch.cat
            inner = _joined(list(value))
            seen += [inner] if inner is not None else []
        elif hasattr(value, "_seen"):
            seen.append(value._seen)
    if len(seen) < 2:
        return seen[0] if seen else None
    whole = any(one.whole for one in seen)
    unknown = next((one.unknown for one in seen if one.unknown), "")
    placed = [one for one in seen if one.rows is not None]
    if not placed or unknown:
        return replace(seen[0], whole=whole, unknown=unknown)
    return _Seen(
        union([one.rows for one in placed if one.rows is not None]),
        union([one.columns for one in placed if one.columns is not None]),
        placed[0].axes,
        whole,
    )


Shape = tuple[int, ...]
Rule = Callable[[_Seen, Shape, Shape, tuple[Any, ...], dict[str, Any]], _Seen]


def _keeps(seen: _Seen, _old: Shape, _new: Shape, _args: Any, _kwargs: Any) -> _Seen:
    """Work on single numbers, or across channels at one place."""
    return seen


def _windowed(seen: _Seen, layer: Conv2d | Pool2d) -> _Seen:
    if seen.rows is None or seen.columns is None:
        return seen
    rows = receptive_field((layer,), axis=0, before=seen.rows)
    columns = receptive_field((layer,), axis=1, before=seen.columns)
    return replace(seen, rows=rows, columns=columns)


def _arguments(
    names: str, args: tuple[Any, ...], kwargs: dict[str, Any], **usual: Any
) -> dict[str, Any]:
    """Return the arguments that follow the input, by name."""
    given = dict(zip(names.split(), args[1:], strict=False))
    return {**usual, **{key: value for key, value in (given | kwargs).items() if key in usual}}


def _conv2d(seen: _Seen, _old: Shape, _new: Shape, args: Any, kwargs: Any) -> _Seen:
    names = "weight bias stride padding dilation groups"
    weight = args[1] if len(args) > 1 else kwargs["weight"]
    settings = _arguments(names, args, kwargs, stride=1, padding=0, dilation=1)
    return _windowed(seen, Conv2d(1, tuple(weight.shape[2:]), **_as_settings(settings)))


def _max_pool2d(seen: _Seen, _old: Shape, _new: Shape, args: Any, kwargs: Any) -> _Seen:
    names = "kernel_size stride padding dilation"
    usual = {"kernel_size": None, "stride": None, "padding": 0, "dilation": 1}
    return _windowed(seen, Pool2d(**_as_settings(_arguments(names, args, kwargs, **usual))))


def _avg_pool2d(seen: _Seen, _old: Shape, _new: Shape, args: Any, kwargs: Any) -> _Seen:
    usual = {"kernel_size": None, "stride": None, "padding": 0}
    settings = _arguments("kernel_size stride padding", args, kwargs, **usual)
    return _windowed(seen, Pool2d(**_as_settings(settings), kind="average"))


def _as_settings(found: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's settings in the words of `cnnlab.layers`."""
    settings = {
        key: tuple(value) if isinstance(value, (tuple, list)) else value
        for key, value in found.items()
    }
    if settings.get("stride") in ((), None):  # a pooling's stride is then its kernel's size
        settings.pop("stride", None)
    return settings


def _adaptive(seen: _Seen, old: Shape, new: Shape, _args: Any, _kwargs: Any) -> _Seen:
    if seen.rows is None:
        return seen
    sizes = [(old[axis], new[axis]) for axis in seen.axes]
    if any(cells > 1 and before % cells for before, cells in sizes):
        return replace(seen, unknown="adaptive pooling with windows of several sizes")
    if any(cells == 1 < before for before, cells in sizes):
        return _NOWHERE
    kernel = (sizes[0][0] // sizes[0][1], sizes[1][0] // sizes[1][1])
    return _windowed(seen, Pool2d(kernel, kind="average"))


def _mean(seen: _Seen, old: Shape, _new: Shape, args: Any, kwargs: Any) -> _Seen:
    dims = kwargs.get("dim", args[1] if len(args) > 1 else None)
    over = set(range(len(old))) if dims is None else {d % len(old) for d in _as_tuple(dims)}
    if set(seen.axes) <= over:
        return _NOWHERE
    return replace(seen, unknown="mean")


def _reshape(seen: _Seen, old: Shape, new: Shape, _args: Any, _kwargs: Any) -> _Seen:
    """Follow rows and columns to their dimensions in the new shape, if they are still there."""
    if seen.rows is None:
        return seen
    places = []
    for axis in seen.axes:
        want = old[axis], _product(old[axis + 1 :])
        here = [d for d in range(len(new)) if (new[d], _product(new[d + 1 :])) == want]
        places += here[-1:]
    if len(places) < 2:  # flattened: the numbers of one picture in a row see all of it together
        return _NOWHERE if len(new) == 2 else replace(seen, unknown="reshape")
    return replace(seen, axes=(places[0], places[1]))


def _permute(seen: _Seen, old: Shape, _new: Shape, args: Any, kwargs: Any) -> _Seen:
    dims = kwargs.get("dims", args[1] if len(args) == 2 else args[1:])
    order = [d % len(old) for d in _as_tuple(dims)]
    return _moved(seen, order)


def _transpose(seen: _Seen, old: Shape, _new: Shape, args: Any, kwargs: Any) -> _Seen:
    settings = _arguments("dim0 dim1", args, kwargs, dim0=0, dim1=1)
    order = list(range(len(old)))
    one, other = settings["dim0"] % len(old), settings["dim1"] % len(old)
    order[one], order[other] = order[other], order[one]
    return _moved(seen, order)


def _moved(seen: _Seen, order: list[int]) -> _Seen:
    if seen.rows is None:
        return seen
    return replace(seen, axes=(order.index(seen.axes[0]), order.index(seen.axes[1])))


def _along_last(seen: _Seen, old: Shape, _new: Shape, _args: Any, _kwargs: Any) -> _Seen:
    """Mix the numbers along the last dimension: the channels, if they stand there."""
    return _NOWHERE if seen.rows is not None and len(old) - 1 in seen.axes else seen


def _layer_norm(seen: _Seen, old: Shape, new: Shape, args: Any, kwargs: Any) -> _Seen:
    over = len(_as_tuple(kwargs.get("normalized_shape", args[1] if len(args) > 1 else ())))
    together = {len(old) - 1 - d for d in range(over)} & set(seen.axes)
    if seen.rows is not None and together:
        return replace(seen, unknown="layer_norm over places")
    return seen


def _chunk(seen: _Seen, old: Shape, _new: Shape, args: Any, kwargs: Any) -> _Seen:
    dim = _arguments("chunks dim", args, kwargs, dim=0)["dim"] % len(old)
    return replace(seen, unknown="chunk of places") if dim in seen.axes else seen


def _cat(seen: _Seen, _old: Shape, new: Shape, args: Any, kwargs: Any) -> _Seen:
    dim = _arguments("dim", args, kwargs, dim=0)["dim"] % len(new)
    return replace(seen, unknown="cat of places") if dim in seen.axes else seen


def _as_tuple(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list, torch.Size)) else (int(value),)


def _product(numbers: Shape) -> int:
    result = 1
    for number in numbers:
        result *= number
    return result


_ON_NUMBERS = (  # one number from the numbers at its own place, without underscores at the ends
    *("add", "iadd", "radd", "sub", "mul", "imul", "rmul", "div", "truediv", "clamp"),
    *("relu", "relu6", "hardtanh", "leaky_relu", "elu", "silu", "gelu", "hardswish", "sigmoid"),
    *("hardsigmoid", "tanh", "batch_norm", "local_response_norm", "dropout"),
    *("clone", "contiguous", "detach", "to", "float", "double"),
)
_RULES: dict[str, Rule] = {
    **dict.fromkeys(_ON_NUMBERS, _keeps),
    "conv2d": _conv2d,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "adaptive_avg_pool2d": _adaptive,
    "mean": _mean,
    "flatten": _reshape,
    "view": _reshape,
    "reshape": _reshape,
    "permute": _permute,
    "transpose": _transpose,
    "linear": _along_last,
    "layer_norm": _layer_norm,
    "chunk": _chunk,
    "cat": _cat,
}
