"""The settings that stand above the step player: their names, their ranges, their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnlab.activations import ACTIVATIONS
from cnnlab.examples import EXAMPLES
from cnnlab.fillings import KERNEL_NAMES
from cnnlab.kernels import KERNELS
from cnnlab.links import setup_to_link
from cnnlab.presets import PRESETS
from cnnlab.samples import SAMPLES
from cnnlab.setup_changes import LIMITS
from cnnlab.setups import OWN, OWN_PHOTOGRAPH, Setup

__all__ = [
    "Field",
    "brief",
    "button_field",
    "lab_fields",
    "number_field",
    "pair_field",
    "plain",
    "select_field",
]

Field = dict[str, Any]
_OPERATIONS = [["convolution", "Convolution"], ["transposed", "Transposed convolution"]]
_NAMED = [["valid", "valid"], ["same", "same"], ["full", "full"], ["causal", "causal"]]
_MODES = [["zeros", "zeros"], ["reflect", "reflect"], ["replicate", "replicate"]]
_MODES += [["circular", "circular"]]


def lab_fields(setup: Setup) -> list[Field]:
    """Return the fields for `setup`.

    Each says its ``place``: "top" stays in sight, "main" can be folded away, "more" is for a
    closer look.
    """
    top = [
        select_field("preset", "Example", _preset(setup), _preset_groups(setup)),
        button_field("Photograph …", {"open": "photograph"}),
    ]
    main = [
        select_field("operation", "Operation", setup.operation, plain(_OPERATIONS)),
        pair_field("Input", setup.size, "height", "width"),
        number_field("Channels", setup.channels, "channels"),
        pair_field("Kernel", setup.kernel_size, "kernel_height", "kernel_width"),
        number_field("Filters", setup.filters, "filters"),
        pair_field("Stride", setup.stride, "stride_rows", "stride_columns"),
        select_field("padding", "Padding", _padding(setup), plain(_padding_options(setup))),
        pair_field("Dilation", setup.dilation, "dilation_rows", "dilation_columns"),
        select_field("input", "Numbers of the input", setup.input, _input_groups(setup)),
        select_field("kernel", "Numbers of the kernel", setup.kernel, _kernel_groups(setup)),
        {"kind": "toggle", "name": "has_bias", "label": "Bias", "value": setup.bias is not None},
    ]
    more = [
        button_field(_new_numbers(setup), {"set": {"seed": _next_seed(setup)}}),
        number_field("Groups", setup.groups, "groups"),
        _sides(setup),
    ]
    if setup.is_transposed:
        more.append(
            pair_field(
                "Output padding",
                setup.output_padding,
                "output_padding_rows",
                "output_padding_columns",
            )
        )
    else:
        more.append(select_field("padding_mode", "Padding with", setup.padding_mode, plain(_MODES)))
    activations = [[name, entry.title] for name, entry in ACTIVATIONS.items()]
    more.append(select_field("activation", "Activation", setup.activation, plain(activations)))
    if not setup.is_transposed:
        label = "True convolution: turn the kernel"
        more.append({"kind": "toggle", "name": "flip", "label": label, "value": setup.flip})
    places = {"top": top, "main": main, "more": more}
    return [{**field, "place": place} for place, fields in places.items() for field in fields]


def brief(setup: Setup) -> str:
    """Return the settings in one line, for where they are folded away.

    Examples
    --------
    >>> from cnnlab.links import setup_from_link
    >>> brief(setup_from_link({"stride": "2", "padding": "same"}))
    'input 5 × 5, kernel 3 × 3, stride 2, padding same'
    """
    rows, columns = setup.size
    channels = f"{setup.channels} × " if setup.channels > 1 else ""
    kernel = "{} × {}".format(*setup.kernel_size)
    parts = ["transposed"] if setup.is_transposed else []
    parts.append(f"input {channels}{rows} × {columns}")
    parts.append(f"{setup.filters} kernels {kernel}" if setup.filters > 1 else f"kernel {kernel}")
    parts.append(f"stride {_both(setup.stride)}")
    padding = _padding(setup)
    parts.append(f"padding {padding if padding != 'sides' else 'on each side apart'}")
    parts += [f"dilation {_both(setup.dilation)}"] if max(setup.dilation) > 1 else []
    parts += [f"groups {setup.groups}"] if setup.groups > 1 else []
    return ", ".join(parts)


def _both(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]} × {pair[1]}"


def button_field(label: str, wish: Field) -> Field:
    """Return a button that asks for `wish`."""
    return {"kind": "button", "label": label, "value": wish}


def select_field(name: str, label: str, value: str, groups: list[Field]) -> Field:
    """Return a list to choose from; `groups` have a label and options (name, title)."""
    return {"kind": "select", "name": name, "label": label, "value": value, "groups": groups}


def plain(options: list[list[str]]) -> list[Field]:
    """Return options that stand in no group."""
    return [{"label": "", "options": options}]


def number_field(
    label: str, value: int, name: str, limits: Mapping[str, tuple[int, int]] = LIMITS
) -> Field:
    """Return a field for a whole number."""
    return {
        "kind": "number",
        "label": label,
        "names": [name],
        "values": [value],
        "limits": limits[name],
    }


def pair_field(
    label: str,
    values: tuple[int, int],
    rows: str,
    columns: str,
    limits: Mapping[str, tuple[int, int]] = LIMITS,
) -> Field:
    """Return a field for rows and columns, one number until they are set apart."""
    return {
        "kind": "number",
        "label": label,
        "names": [rows, columns],
        "parts": ["rows", "columns"],
        "values": list(values),
        "limits": limits[rows],
    }


def _sides(setup: Setup) -> Field:
    parts = ["top", "bottom", "left", "right"]
    sides = [0] * 4 if isinstance(setup.padding, str) else [n for s in setup.padding for n in s]
    return {
        "kind": "number",
        "label": "Padding: top, bottom, left, right",
        "names": [f"padding_{part}" for part in parts],
        "parts": parts,
        "values": sides,
        "limits": LIMITS["padding_top"],
        "when": "sides",
    }


def _padding(setup: Setup) -> str:
    if isinstance(setup.padding, str):
        return setup.padding
    numbers = {n for side in setup.padding for n in side}
    return str(numbers.pop()) if len(numbers) == 1 else "sides"


def _padding_options(setup: Setup) -> list[list[str]]:
    now = _padding(setup)
    numbers = [str(n) for n in range(8)]
    if now.isdigit() and now not in numbers:
        numbers.append(now)
    named = [] if setup.is_transposed and now.isdigit() else _NAMED
    return [[n, n] for n in numbers] + named + [["sides", "each side …"]]


def _preset(setup: Setup) -> str:
    link = setup_to_link(setup)
    return next((name for name, preset in PRESETS.items() if preset.link == link), "")


def _preset_groups(setup: Setup) -> list[Field]:
    sections: dict[str, list[list[str]]] = {} if _preset(setup) else {"": [["", "Own"]]}
    for name, preset in PRESETS.items():
        sections.setdefault(preset.section, []).append([name, preset.title])
    return [{"label": label, "options": options} for label, options in sections.items()]


def _input_groups(setup: Setup) -> list[Field]:
    photos = [[f"photo.{name}", sample.title] for name, sample in SAMPLES.items()]
    groups = [
        {"label": "Examples", "options": [[n, e.title] for n, e in EXAMPLES.items()]},
        {"label": "Photographs", "options": photos},
    ]
    return _with_present(groups, setup.input)


def _kernel_groups(setup: Setup) -> list[Field]:
    classic = [
        [name, KERNELS[title].name if title in KERNELS else "Two filters, three channels"]
        for name, title in KERNEL_NAMES.items()
    ]
    return _with_present([{"label": "Kernels", "options": classic}], setup.kernel)


def _with_present(groups: list[Field], name: str) -> list[Field]:
    """Offer what is there now too, where no list has it."""
    if any(name == option for group in groups for option, _ in group["options"]):
        return groups
    rest = name.partition(".")[2]
    title = {
        OWN: "Own numbers",
        OWN_PHOTOGRAPH: "Own photograph",
        f"random.{rest}": f"Random, seed {rest}",
        f"photo.{rest}": "Part of a photograph",
    }
    return [{"label": "", "options": [[name, title[name]]]}, *groups]


def _seed(setup: Setup) -> int | None:
    kind, _, rest = setup.kernel.partition(".")
    return int(rest) if kind == "random" and rest.isdigit() else None


def _next_seed(setup: Setup) -> int:
    seed = _seed(setup)
    return 1 if seed is None else min(seed + 1, LIMITS["seed"][1])


def _new_numbers(setup: Setup) -> str:
    return f"New random numbers (seed {_next_seed(setup)})"
