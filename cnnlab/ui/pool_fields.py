"""The settings above the player of the pooling lesson: their names, ranges and words."""

from __future__ import annotations

from cnnlab.pool_inputs import EDGES, POOL_INPUTS
from cnnlab.pool_links import PRESETS, to_link
from cnnlab.pool_setups import LIMITS, PoolSetup
from cnnlab.samples import SAMPLES
from cnnlab.setups import OWN
from cnnlab.ui.lab_fields import Field, button_field, number_field, pair_field, plain, select_field

__all__ = ["pool_brief", "pool_fields"]

_KINDS = [["max", "Max pooling"], ["average", "Average pooling"], ["L2", "L2 pooling"]]
_WINDOWS = [["sliding", "sliding"], ["adaptive", "adaptive"], ["global", "global"]]


def pool_fields(setup: PoolSetup) -> list[Field]:
    """Return the fields for `setup`; each says its ``place``, as ``lab_fields`` does."""
    top = [
        select_field("preset", "Example", _preset(setup), _preset_groups(setup)),
        select_field("kind", "Operation", setup.kind, plain(_KINDS)),
    ]
    main = [select_field("windows", "Windows", setup.windows, plain(_WINDOWS))]
    if setup.slides:
        main += [
            _pair("Window size", setup.kernel_size, "kernel"),
            _pair("Stride", setup.stride, "stride"),
            _pair("Padding", setup.padding, "padding"),
            _toggle("ceil_mode", "Ceil mode: round up", setup.ceil_mode),
        ]
        if setup.kind == "average":
            main.append(_toggle("count_include_pad", "Padding counts", setup.count_include_pad))
    if setup.windows == "adaptive":
        main.append(_pair("Output size", setup.output, "output"))
    main += [
        pair_field("Input size", setup.size, "height", "width", LIMITS),
        number_field("Channels", setup.channels, "channels", LIMITS),
        select_field("input", "Numbers of the input", setup.input, _input_groups(setup)),
    ]
    seed = _next_seed(setup)
    more = [button_field(f"New random numbers (seed {seed})", {"set": {"seed": seed}})]
    places = {"top": top, "main": main, "more": more}
    return [{**field, "place": place} for place, fields in places.items() for field in fields]


def pool_brief(setup: PoolSetup) -> str:
    """Return the settings in one line, for where they are folded away.

    Examples
    --------
    >>> from cnnlab.pool_links import from_link
    >>> pool_brief(from_link({"pooling_stride": "1"}))
    'input 4 × 4, window 2 × 2, stride 1'
    """
    channels = f"{setup.channels} × " if setup.channels > 1 else ""
    parts = [f"input {channels}{_times(setup.size)}"]
    if setup.slides:
        parts += [f"window {_times(setup.kernel_size)}", f"stride {_both(setup.stride)}"]
        parts += [f"padding {_both(setup.padding)}"] if max(setup.padding) else []
        parts += ["ceil mode"] if setup.ceil_mode else []
    else:
        parts.append(setup.windows)
        parts += [f"output {_times(setup.output)}"] if setup.windows == "adaptive" else []
    return ", ".join(parts)


def _times(pair: tuple[int, int]) -> str:
    return f"{pair[0]} × {pair[1]}"


def _both(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else _times(pair)


def _pair(label: str, values: tuple[int, int], name: str) -> Field:
    return pair_field(label, values, f"{name}_rows", f"{name}_columns", LIMITS)


def _toggle(name: str, label: str, value: bool) -> Field:
    return {"kind": "toggle", "name": name, "label": label, "value": value}


def _preset(setup: PoolSetup) -> str:
    link = to_link(setup)
    return next((name for name, preset in PRESETS.items() if preset.link == link), "")


def _preset_groups(setup: PoolSetup) -> list[Field]:
    sections: dict[str, list[list[str]]] = {} if _preset(setup) else {"": [["", "Own"]]}
    for name, preset in PRESETS.items():
        sections.setdefault(preset.section, []).append([name, preset.title])
    return [{"label": label, "options": options} for label, options in sections.items()]


def _input_groups(setup: PoolSetup) -> list[Field]:
    groups: list[Field] = [
        {"label": "Examples", "options": [[n, title] for n, (title, _) in POOL_INPUTS.items()]},
        {
            "label": "Edges of a photograph",
            "options": [[f"{EDGES}{n}", sample.title] for n, sample in SAMPLES.items()],
        },
    ]
    if any(setup.input == name for group in groups for name, _ in group["options"]):
        return groups
    rest = setup.input.partition(".")[2]
    title = "Own numbers" if setup.input == OWN else f"Random, seed {rest}"
    return [{"label": "", "options": [[setup.input, title]]}, *groups]


def _next_seed(setup: PoolSetup) -> int:
    kind, _, rest = setup.input.partition(".")
    return min(int(rest) + 1, LIMITS["seed"][1]) if kind == "random" else 1
