"""The parts of the lesson on one neuron: which one, its map and field, its sum, the way on."""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.figures.influence import influence_layer
from cnnlab.figures.neuron_steps import DIGITS, product_grids, steps_table
from cnnlab.figures.pictures import data_link
from cnnlab.numerals import signed, written
from cnnlab.ui import address, layout, networks, work
from cnnlab.ui.cell_picker import cell_picker
from cnnlab.ui.controls import Picture, choice, pick
from cnnlab.ui.player import step_player
from cnnlab.ui.sum_bars import sum_bars

if TYPE_CHECKING:
    from cnnlab.cell_sums import CellSum
    from cnnlab.forward_calls import Outline
    from cnnlab.network_receptive import NetworkField
    from cnnlab.neuron_story import CellStory, Source

__all__ = ["Neuron", "chosen_neuron", "explaining_functions", "follow", "played", "steps", "sums"]

PAGE = "neuron"
START = "start"  # in a link: the score of the class that the network finds most probable
_MOST_BARS = 20
_MOST_TRAIL = 60
_SHOWN = ["influence of each pixel", "field only"]


@dataclass(frozen=True, eq=False)
class Neuron:
    """A chosen number of a network and all that is known of it.

    `labels` are the classes' names where the layer has a channel for each class, else empty.
    """

    network: networks.Chosen
    picture: Picture
    story: CellStory
    labels: tuple[str, ...]

    @property
    def words(self) -> str:
        """The number's place in words."""
        story = self.story
        words = _place_words(story.layer, story.channel, story.cell, story.maps)
        return f"{words} ({self.labels[story.channel]})" if self.labels else words


class _Layers(NamedTuple):
    """What a network calls, and its layers."""

    plan: Outline
    shapes: dict[str, tuple[int, int, int]]
    usual: str
    last: str


def chosen_neuron() -> Neuron:
    """Draw the controls, the feature map and the picture; return the chosen neuron."""
    link = _link_of_a_visit()
    side, stage = st.columns([5, 12], gap="medium")
    with side:
        network = networks.choose(PAGE)
        picture = networks.picture_picker(PAGE, network.name)
        layers = _layers_of(network)
        notices = st.container()
        start = link.get(_key("layer")) == START
        layer, said = _pick_layer(layers, network.name, link)
        place, wrong = _asked(link, layers.shapes[layer], layer, start=start)
        before = st.session_state.get(_key("shown_before"))
        st.session_state[_key("shown_before")] = (network, layer)
        if not link and before != (network, layer):
            wrong = []  # nobody asked for it: it was a place of another layer
        story = _story(network, picture, layers.plan, layer, *place)
        wrong += _asked_input(link, story)
        _place_fields(story)
        said += [*wrong, *st.session_state.pop(_key("said"), [])]
        if link and st.session_state[_key("cell")] != _cell_text(story.cell):
            # At a first visit the field holds what the link says, whatever was put into it.
            st.session_state[_key("said")] = said
            st.rerun()
        for sentence in dict.fromkeys(said):
            notices.info(sentence, icon=":material/link_off:")
    neuron = Neuron(network, picture, story, _labels(network.name, story))
    with stage:
        _stage(neuron, layers)
    _walk_buttons(neuron, layers)
    return neuron


def steps(neuron: Neuron) -> None:
    """Show how the number was made, step by step, beside the network's own numbers."""
    story = neuron.story
    if story.says:
        st.info(_sentence(story.says), icon=":material/lock:")
    if story.steps:
        st.html(steps_table(story.steps, story.told))
        st.caption(
            "Each step is computed here in float64 (16 digits) from the network's own number "
            "before it; the network computes in float32 (7 digits). What lies between is rounding."
        )


def sums(neuron: Neuron) -> None:
    """Show what each input adds to the first step, and one input in full."""
    story, made = neuron.story, neuron.story.sum
    if made is None:
        return
    names = _names_of_inputs(story, made)
    chosen = _chosen_input(made)
    if len(made.inputs) == 1:
        st.markdown(f"This number reads **one** input channel, number {made.inputs[0]}.")
        _one_input(neuron, made, chosen, names[chosen])
        return
    left, right = st.columns([5, 9], gap="medium")
    with left:
        _bars(story, made, names, chosen)
    with right:
        _input_field(made, chosen)
        _one_input(neuron, made, chosen, names[chosen])


def played(neuron: Neuron) -> None:
    """Let the step player compute the cell from a few input channels."""
    story, made = neuron.story, neuron.story.sum
    if story.near is None or made is None:
        st.markdown(
            "The step player shows convolutions. Choose one in the list of layers, or walk on."
        )
        return
    from cnnlab.neuron_trace import MOST_PLAYED, trace_neuron

    most = min(MOST_PLAYED, len(made.inputs))
    count = 1
    if most > 1:
        options = list(range(1, most + 1))
        count = choice("Input channels", options, key=_key("played"), default=1)
    count = min(count, most)
    first = _chosen_input(made)
    places = [first, *(int(p) for p in made.by_size() if int(p) != first)][:count]
    trace = trace_neuron(story, places)
    from cnnlab.trace import trace_payload

    kernel = f"{len(made.rows)} × {len(made.columns)}"
    data = {
        "label": f"{story.steps[0].layer}, step by step",
        "trace": trace_payload(trace),
        "fixed": True,
        "start": story.near.step,
        "digits": {"cell": 3, "term": 3, "sum": DIGITS},
        "place": f"{neuron.network.words} {neuron.picture.digest} {neuron.words} {places}",
        "file": "neuron",
        "fold": layout.is_lecture(),
        "about": f"Filter {story.steps[0].channel} of {story.steps[0].layer}, {kernel}, on the "
        f"cells around the chosen one, which is computed in step {story.near.step + 1}. Rows and "
        "columns are counted from 0 in this cut-out.",
    }
    part = float(made.contributions[places].sum())
    rest = float(made.contributions.sum()) - part
    others = len(made.inputs) - len(places)
    taking = f"{len(places)} of {_many(len(made.inputs), 'input channel')}"
    words = [f"{'its' if len(places) == 1 else 'their'} sum {signed(part, DIGITS)}"]
    if others:
        words.append(f"the other {_many(others, 'channel')} {signed(rest, DIGITS)}")
    if made.bias is not None:
        words.append(f"the bias {signed(made.bias, DIGITS)}")
    verb = "takes" if len(places) == 1 else "take"
    st.markdown(
        f"{taking} {verb} part here: {' and '.join(words)} make **{written(made.total, DIGITS)}**, "
        "but for rounding."
    )
    step_player(data, key=_key("player"))


def follow(neuron: Neuron) -> None:
    """Write the way that was walked so far."""
    trail = st.session_state.get(_key("trail"), [])
    if not trail:
        return
    places = [*trail, _place_of(neuron.story)]
    lines = [
        f"{number}. {_place_words(layer, channel, cell, None)}: **{written(value, DIGITS)}**"
        for number, (layer, channel, cell, value) in enumerate(places, 1)
    ]
    with st.expander(f"Your way so far: {_many(len(places), 'number')}", expanded=False):
        st.markdown("\n".join(lines))


def explaining_functions() -> list[Any]:
    """Return the functions that made the sum, to show their source."""
    from cnnlab.cell_sums import CellSum, conv_sum
    from cnnlab.single_numbers import normalised

    return [conv_sum, CellSum, normalised]


# Which neuron -------------------------------------------------------------------------------------


def _link_of_a_visit() -> dict[str, str]:
    """Return what the address says of this page where a visit begins, nothing later."""
    if not address.arriving(st.session_state.setdefault(_key("visits"), {})):
        return {}
    return {name: text for name, text in st.query_params.items() if name.startswith(f"{PAGE}_")}


def _layers_of(network: networks.Chosen) -> _Layers:
    def run() -> _Layers:
        from cnnlab import loading, neuron, pretrained
        from cnnlab.forward_watch import outline

        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), network.name)
        with loading.using(network.name, trained=network.trained) as model:
            plan = outline(model, tuple(batch.shape))
        shapes = neuron.layer_shapes(plan)
        last = plan.layer_of(plan.layers[list(shapes)[-1]])
        return _Layers(plan, shapes, neuron.usual_layer(plan), last)

    key = ("calls of a network", network.name)
    return work.in_queue(key, run, label=f"Looking at the layers of {network.name}")


def _pick_layer(layers: _Layers, name: str, link: dict[str, str]) -> tuple[str, list[str]]:
    """Let a layer be chosen; return it, and what was wrong with the one that was asked for."""
    key, asked, said = _key("layer"), link.get(_key("layer")), []
    present = st.session_state.get(key) if asked is None else asked
    if asked == START:
        st.session_state[key] = layers.last
    elif present is not None and present not in layers.shapes:
        st.session_state[key] = layers.usual
        if asked is not None:
            said = [
                f"The link asks for the layer “{asked[:40]}”, which {name} does not have: here "
                f"is {layers.usual}."
            ]
        _forget_place()
    options = list(layers.shapes)
    layer = pick(
        "Layer",
        options,
        key=key,
        first=options.index(layers.usual),
        on_change=_forget_place,
        help="In the order in which they run; type to search. Names are PyTorch's. A layer that "
        "runs more than once has its name for the last run, and “~1” behind it for the first. "
        "“layer1.0:add” is what a block does by a plain function.",
    )
    n_channels, rows, columns = layers.shapes[layer]
    st.caption(f"{n_channels:,} channels of {rows} × {columns}")
    return layer, said


def _asked(
    link: dict[str, str], maps: tuple[int, int, int], layer: str, *, start: bool
) -> tuple[tuple[int | None, tuple[int, int] | None], list[str]]:
    """Return the channel and the cell to show, None for the strongest, and what was wrong."""
    n_channels, rows, columns = maps
    wrong = []
    text = link.get(_key("channel"), st.session_state.get(_key("channel")))
    channel = _whole(text)
    if text not in (None, "") and (channel is None or not 0 <= channel < n_channels):
        channel = None
        wrong.append(
            f"There is no channel “{str(text)[:20]}” in {layer}, it has 0 to {n_channels - 1}: "
            "here is the one with the largest number."
        )
    text = link.get(_key("cell"), st.session_state.get(_key("cell"))) or ""
    cell = _cell_of(text)
    if text.strip() and (cell is None or not (cell[0] < rows and cell[1] < columns)):
        cell = None
        wrong.append(
            f"There is no cell “{text[:20]}” in {layer}: write row_column, from 0_0 to "
            f"{rows - 1}_{columns - 1}. Here is the cell with the largest number."
        )
    return (None, None) if start else (channel, cell), [] if start else wrong


def _cell_of(text: str) -> tuple[int, int] | None:
    """Read "9_12"; a comma or a space between the two will do."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*[_,;\s]\s*(\d{1,6})\s*", text)
    return None if found is None else (int(found[1]), int(found[2]))


def _whole(value: Any) -> int | None:
    text = "" if value is None else str(value).strip()
    return int(text) if re.fullmatch(r"\d{1,6}", text) else None


def _story(
    network: networks.Chosen,
    picture: Picture,
    plan: Outline,
    layer: str,
    channel: int | None,
    cell: tuple[int, int] | None,
) -> CellStory:
    def run() -> CellStory:
        from cnnlab import loading, pretrained
        from cnnlab.neuron import explain_cell

        batch = pretrained.preprocess(picture.image, network.name)
        with loading.using(network.name, trained=network.trained) as model:
            return explain_cell(model, batch, layer, channel, cell, plan=plan)

    key = ("neuron", *network, picture.digest, layer, channel, cell)
    return work.in_queue(key, run, label=f"Running {network.words}", own=picture.own)


def _place_fields(story: CellStory) -> None:
    """Draw the fields for channel and cell, which hold what is shown."""
    n_channels, rows, columns = story.maps
    st.session_state[_key("channel")] = story.channel
    st.session_state[_key("cell")] = _cell_text(story.cell)
    left, right = st.columns(2, gap="small")
    left.number_input(
        "Channel",
        0,
        n_channels - 1,
        None,
        step=1,
        key=_key("channel"),
        bind="query-params",
        placeholder="strongest",
        help=f"From 0 to {n_channels - 1}. Empty: the one that holds the largest number.",
    )
    right.text_input(
        "Cell",
        "",
        max_chars=16,
        key=_key("cell"),
        bind="query-params",
        placeholder="strongest",
        help=f"Row and column, from 0_0 to {rows - 1}_{columns - 1}. Empty: where the number is "
        "largest.",
    )


def _walk_buttons(neuron: Neuron, layers: _Layers) -> None:
    """Offer the ways on: the strongest input, the beginning, back."""
    source, here = neuron.story.strongest, _place_of(neuron.story)
    if source is not None and not source.layer:
        st.success(
            f"The way has reached {_pixel_words(source, neuron.network)}.", icon=":material/flag:"
        )
    with st.container(horizontal=True, gap="small"):
        if source is not None and source.layer:
            st.button(
                "The neuron that contributes most",
                icon=":material/arrow_back:",
                key=_key("strongest"),
                on_click=_go,
                args=(source, here),
                help=f"To {_place_words(source.layer, source.channel, source.cell, None)}, "
                f"{written(source.value)}",
            )
        st.button(
            "Start at the class score",
            icon=":material/first_page:",
            key=_key("start"),
            on_click=_to_the_class,
            args=(layers.last,),
        )
        if st.session_state.get(_key("trail")):
            st.button("Back", icon=":material/undo:", key=_key("back"), on_click=_back)


def _labels(name: str, story: CellStory) -> tuple[str, ...]:
    """Return the names of the channels where each stands for a class, else nothing."""
    classes = networks.class_labels(name)
    return tuple(classes) if story.maps[0] == len(classes) else ()


# The map and the picture --------------------------------------------------------------------------


def _stage(neuron: Neuron, layers: _Layers) -> None:
    from cnnlab import pretrained

    story = neuron.story
    batch = pretrained.preprocess(neuron.picture.image, neuron.network.name)
    seen = pretrained.as_seen(batch, neuron.network.name)
    shown = choice("On the picture", _SHOWN, key=_key("shown"))
    field = _field(neuron)
    heat = None
    if shown == _SHOWN[0]:
        influence = _influence(neuron, layers.plan)
        largest = float(influence.max())
        says = (
            f"Colour: how much a small change of each pixel changes the number, from 0 (dark) to "
            f"{written(largest, 3)} (pale yellow)."
            if largest
            else "No pixel has an influence: the way from here to the picture is closed, as by a "
            "ReLU that gives 0."
        )
        heat = {"src": influence_layer(influence), "says": says}
    data = {
        "board": _board(neuron),
        "cell": _on_board(story),
        "picture": {
            "src": data_link(seen),
            "width": seen.width,
            "height": seen.height,
            "alt": neuron.picture.alt,
            "title": "The picture as the network gets it",
        },
        "field": None
        if field is None
        else {"start": field.start, "jump": field.jump, "size": field.size},
        "heat": heat,
        "says": _field_words(story, field, seen.size),
        "done": st.session_state.get(_key("taken"), 0),
        "link": {
            _key("network"): neuron.network.name,
            _key("layer"): story.layer,
            _key("channel"): str(story.channel),
            _key("cell"): _cell_text(story.cell),
        },
    }
    single = story.maps[1:] == (1, 1)
    st.session_state[_key("columns")] = _columns(story.maps[0]) if single else 0
    cell_picker(data, key=_key("map"), on_cell=_take_cell)


def _board(neuron: Neuron) -> dict[str, Any]:
    """Return the feature map as the browser gets it; of single numbers, all channels."""
    story = neuron.story
    n_channels, rows, columns = story.maps
    label = f", {neuron.labels[story.channel]}" if neuron.labels else ""
    if rows == columns == 1:
        columns = _columns(n_channels)
        rows = math.ceil(n_channels / columns)
        values, noun = story.column, "channel"
        title = f"{story.layer}: all {n_channels:,} channels, row by row{label}"
    else:
        values, noun = story.feature_map, "cell"
        title = f"{story.layer}, channel {story.channel}{label}"
    low, high = float(values.min()), float(values.max())
    what = "The channels lie" if noun == "channel" else "The map lies"
    return {
        "rows": rows,
        "columns": columns,
        "count": int(values.size),
        "values": base64.b64encode(values.astype("<f4").tobytes()).decode("ascii"),
        "extent": max(abs(low), abs(high)),
        "title": title,
        "noun": noun,
        "range": f"{what} between {written(low, DIGITS)} and {written(high, DIGITS)}.",
    }


def _columns(n_channels: int) -> int:
    """Return how many channels stand in a row where each is a single number."""
    return math.ceil(math.sqrt(2 * n_channels))


def _on_board(story: CellStory) -> list[int]:
    """Return row and column of the chosen number on the board."""
    n_channels, rows, columns = story.maps
    if rows == columns == 1:
        return list(divmod(story.channel, _columns(n_channels)))
    return list(story.cell)


def _field(neuron: Neuron) -> NetworkField | None:
    """Return what a cell of the layer sees; None where that is the whole picture or not known."""
    name = neuron.network.name

    def run() -> dict[str, NetworkField]:
        from cnnlab import digits, loading
        from cnnlab.catalogue import OWN
        from cnnlab.network_receptive import model_fields, network_fields

        if name != OWN:
            return dict(network_fields(name))
        with loading.using(name) as model:
            return model_fields(model, digits.INPUT_SHAPE)

    fields = work.in_queue(("receptive fields", name), run, label=f"Receptive fields of {name}")
    found = next((fields[layer] for layer in _same_field(neuron.story) if layer in fields), None)
    return None if found is None or found.size is None else found


def _same_field(story: CellStory) -> list[str]:
    """Return layers whose cells see the same as those of the chosen one, it first."""
    told, later = story.steps[: story.told], story.steps[story.told :]
    joined = next((i for i, step in enumerate(later) if step.others), len(later))
    return [story.layer, *(step.layer for step in (*reversed(told), *later[:joined]))]


def _field_words(story: CellStory, field: NetworkField | None, size: tuple[int, int]) -> str:
    width, height = size
    if field is None or field.size is None:
        return f"This number sees the whole picture of {width} × {height} pixels."
    rows, columns = field.size
    top, left, bottom, right = field.box(story.cell if story.maps[1:] != (1, 1) else (0, 0))
    words = f"The frame is all that it can see: {rows} × {columns} pixels"
    inside = top >= 0 and left >= 0 and bottom <= height and right <= width
    if not inside:
        words += (
            f", of which {max(0, min(bottom, height) - max(top, 0))} × "
            f"{max(0, min(right, width) - max(left, 0))} lie in the picture"
        )
    if field.whole:
        words += ". A gate averages over the whole picture besides"
    return words + "."


def _influence(neuron: Neuron, plan: Outline) -> np.ndarray[Any, np.dtype[np.float32]]:
    story, network, picture = neuron.story, neuron.network, neuron.picture

    def run() -> np.ndarray[Any, np.dtype[np.float32]]:
        from cnnlab import loading, pretrained
        from cnnlab.neuron import pixel_influence

        batch = pretrained.preprocess(picture.image, network.name)
        with loading.using(network.name, trained=network.trained) as model:
            return pixel_influence(model, batch, story.layer, story.channel, story.cell, plan=plan)

    key = ("influence", *network, picture.digest, story.layer, story.channel, story.cell)
    return work.in_queue(key, run, label="Which pixels count", own=picture.own)


# The sum ------------------------------------------------------------------------------------------


def _names_of_inputs(story: CellStory, made: CellSum) -> list[str]:
    """Return what to call each input of a sum."""
    kind = story.steps[0].kind if story.steps else ""
    if kind == "add":
        found = [story.sources.get(place) for place in range(len(made.inputs))]
        return [source.layer or "the picture" if source else "a branch" for source in found]
    noun = "feature" if kind == "linear" else "channel"
    return [f"{noun} {number}" for number in made.inputs]


def _chosen_input(made: CellSum) -> int:
    """Return the place of the input that the learner has chosen, else of the strongest one."""
    asked = st.session_state.get(_key("input")) if st.session_state.get(_key("own_input")) else None
    places = np.flatnonzero(made.inputs == (-1 if asked is None else asked))
    return int(places[0]) if len(places) else int(made.by_size()[0])


def _bars(story: CellStory, made: CellSum, names: list[str], chosen: int) -> None:
    """Draw the strongest inputs, the others together, the bias and the sum."""
    sums, ranked = made.contributions, made.by_size().tolist()
    shown = ranked[:_MOST_BARS]
    if chosen not in shown:
        shown = [*shown[:-1], chosen]
    rest = [place for place in ranked if place not in shown]

    def bar(name: int | None, title: str, value: float) -> dict[str, Any]:
        return {"name": name, "title": title, "value": value, "text": signed(value, DIGITS)}

    rows = [bar(int(made.inputs[place]), names[place], float(sums[place])) for place in shown]
    if rest:
        together = float(sums[rest].sum())
        title = f"and {_many(len(rest), 'other')} together"
        rows.append(bar(None, title, together))
    if made.bias is not None:
        rows.append(bar(None, "bias", made.bias))
    extent = max(abs(row["value"]) for row in rows)
    rows.append(bar(None, "all of it", made.total) | {"value": None})
    st.markdown("**What each input adds**")
    sum_bars(
        {
            "label": f"What each input adds to {story.steps[0].layer}",
            "rows": rows,
            "extent": extent,
            "chosen": int(made.inputs[chosen]),
        },
        key=_key("bars"),
        on_choice=_take_input,
    )


def _one_input(neuron: Neuron, made: CellSum, chosen: int, name: str) -> None:
    """Show one input in full: its window, the weights, the products, and where it came from."""
    story = neuron.story
    kind = story.steps[0].kind
    pooled = story.near is None and len(made.inputs) == 1
    if grids := product_grids(made, chosen, name=name.capitalize(), pooled=pooled):
        st.html(grids)
    else:
        count = made.patches[chosen].size
        st.markdown(
            f"Its window has {count:,} numbers, too many to read. Their mean is "
            f"{written(float(made.patches[chosen].mean()))}."
        )
    if pooled and kind != "max_pool2d":
        st.markdown(f"Each number counts {written(float(made.weights.max()), 4)} times.")
    if len(made.inputs) == 1 and made.bias is not None:
        st.markdown(
            f"The sum is {signed(made.contributions[0], DIGITS)}, the bias "
            f"{signed(made.bias, DIGITS)}."
        )
    if not made.inside.all():
        st.caption("Part of the window lies in the padding.")
    source = story.sources.get(chosen)
    if source is None:
        return
    what = "It comes from"
    if made.patches[chosen].size > 1:
        product = made.strongest_product(chosen)
        does = "takes off" if product < 0 else "adds"
        what = f"The product that {does} most, {signed(product)}, comes from"
    if kind == "max_pool2d":
        what = "The winner comes from"
    if not source.layer:
        st.markdown(f"{what} {_pixel_words(source, neuron.network)}.")
        return
    st.markdown(
        f"{what} **{_place_words(source.layer, source.channel, source.cell, None)}**, "
        f"whose value is {written(source.value)}."
    )
    st.button(
        "Open this neuron",
        icon=":material/arrow_back:",
        key=_key("open"),
        on_click=_go,
        args=(source, _place_of(story)),
    )


def _input_field(made: CellSum, chosen: int) -> None:
    """Draw the field for the input to look at, which holds the one that is shown."""
    low, high = int(made.inputs[0]), int(made.inputs[-1])
    st.session_state[_key("input")] = int(made.inputs[chosen])
    st.number_input(
        "Input to look at",
        low,
        high,
        None,
        step=1,
        key=_key("input"),
        bind="query-params",
        on_change=_own_input,
        help="At first the one that adds most. Or choose a bar.",
        width=200,
    )


def _asked_input(link: dict[str, str], story: CellStory) -> list[str]:
    """Take the input that a link asks for; return what is wrong with it."""
    asked = link.get(_key("input"))
    if asked is None or story.sum is None:
        return []
    number = _whole(asked)
    if number is None or number not in story.sum.inputs:
        low, high = story.sum.inputs[[0, -1]]
        return [
            f"There is no input “{asked[:20]}” to {story.layer}, they go from {low} to {high}: "
            "here is the one that adds most."
        ]
    st.session_state[_key("input")] = number
    _own_input()
    return []


# What the browser and the buttons ask for ---------------------------------------------------------


def _take_cell() -> None:
    """Take over the cell, or the channel, that was chosen on the board."""
    sent: Any = (st.session_state.get(_key("map")) or {}).get("cell")
    if not isinstance(sent, dict) or not isinstance(sent.get("number"), int):
        return
    at = sent.get("at")
    st.session_state[_key("taken")] = sent["number"]
    if not (isinstance(at, list) and len(at) == 2 and all(isinstance(i, int) for i in at)):
        return
    columns = st.session_state.get(_key("columns"), 0)
    if columns:
        st.session_state[_key("channel")] = at[0] * columns + at[1]
    else:
        st.session_state[_key("cell")] = _cell_text((at[0], at[1]))


def _take_input() -> None:
    sent: Any = (st.session_state.get(_key("bars")) or {}).get("choice")
    if isinstance(sent, int):
        st.session_state[_key("input")] = sent
        _own_input()


def _own_input() -> None:
    """Stay with the input that was chosen; else the strongest one is shown."""
    st.session_state[_key("own_input")] = True


def _go(source: Source, here: tuple[Any, ...]) -> None:
    """Go to where a number came from, and remember the way."""
    trail = st.session_state.get(_key("trail"), [])
    st.session_state[_key("trail")] = [*trail, here][-_MOST_TRAIL:]
    _open(source.layer, source.channel, source.cell)


def _back() -> None:
    trail = st.session_state.get(_key("trail"), [])
    if trail:
        st.session_state[_key("trail")] = trail[:-1]
        _open(*trail[-1][:3])


def _open(layer: str, channel: int, cell: tuple[int, int]) -> None:
    st.session_state[_key("layer")] = layer
    st.session_state[_key("channel")] = channel
    st.session_state[_key("cell")] = _cell_text(cell)
    st.session_state[_key("own_input")] = False


def _to_the_class(last: str) -> None:
    """Go to the last layer, where the largest number is the score of the likeliest class."""
    st.session_state[_key("layer")] = last
    _forget_place()


def _forget_place() -> None:
    """Look at the strongest neuron of a layer that is new."""
    empty: dict[str, Any] = {"channel": None, "cell": "", "own_input": False, "trail": []}
    for name, value in empty.items():
        st.session_state[_key(name)] = value


# Words --------------------------------------------------------------------------------------------


def _place_of(story: CellStory) -> tuple[str, int, tuple[int, int], float]:
    return story.layer, story.channel, story.cell, story.value


def _place_words(
    layer: str, channel: int, cell: tuple[int, int], maps: tuple[int, int, int] | None
) -> str:
    words = f"{layer}, channel {channel}"
    return words if maps and maps[1:] == (1, 1) else f"{words}, cell ({cell[0]}, {cell[1]})"


def _pixel_words(source: Source, network: networks.Chosen) -> str:
    from cnnlab.catalogue import OWN

    colour = "" if network.name == OWN else (", red", ", green", ", blue")[source.channel]
    row, column = source.cell
    return (
        f"the picture: row {row}, column {column}{colour}, which is {written(source.value)} as the "
        "network gets it"
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _cell_text(cell: tuple[int, int]) -> str:
    return f"{cell[0]}_{cell[1]}"


def _key(name: str) -> str:
    return f"{PAGE}_{name}"
