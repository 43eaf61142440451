"""The parts of the lesson on images that excite: settings, one picture, the comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.class_bars import class_bars
from cnnlab.figures.pictures import data_link
from cnnlab.images import to_png
from cnnlab.numerals import written
from cnnlab.pace import about
from cnnlab.percent import percent
from cnnlab.questions import Question
from cnnlab.ui import controls, layout, long_work, networks, patch_view, work
from cnnlab.ui.film_view import film_view

if TYPE_CHECKING:
    from cnnlab.exciting import Goal, Regularisers

__all__ = [
    "Made",
    "Setting",
    "code",
    "comparison",
    "exercises",
    "one_picture",
    "settings",
    "tasks",
    "verdict",
]

PAGE = "images_that_excite"
_CLASS, _CHANNEL, _CELL = "a class", "a channel", "one cell of a channel"
_NOISE, _GREY, _PICTURE = "noise", "grey", "a picture"
_FIRST = ("flamingo", "3")  # the class to begin with, of ImageNet and of the digits
_SIDES = [96, 128, 224]  # pixels
_ALONE = {
    "none": "nothing holds it back",
    "decay": "L2 decay {:g}",
    "variation": "total variation {:g}",
    "blur": "blur {:g} px",
    "jitter": "jitter {:g} px",
    "fourier": "large shapes first",
    "all": "all together",
}
_SURE = 0.99
_FOUND = f"{PAGE}_found"
_HIERARCHY = Path(__file__).resolve().parents[2] / "pages" / "hierarchy.py"
_STYLE = """
<style>
.reach { display: grid; gap: 0.3rem; max-width: 46rem; margin: 0.6rem 0; }
.reach span { padding-left: 1.3rem; text-indent: -1.3rem; }
.reach .done { font-weight: 600; }
</style>
"""


class _Layers(NamedTuple):
    """What layers with maps there are, and the one to begin with."""

    usual: str
    channels: dict[str, int]


@dataclass(frozen=True)
class Setting:
    """What a learner has chosen."""

    chosen: networks.Chosen
    goal: Goal
    what: str  # the goal in words: "flamingo", "channel 10 of features.5"
    regularisers: Regularisers
    start: str
    picture: controls.Picture | None
    side: int
    steps: int
    seed: int

    @property
    def quick(self) -> bool:
        """Whether it takes a second or two, so that nobody need ask for it."""
        from cnnlab.catalogue import OWN

        return self.chosen.name == OWN

    @property
    def own(self) -> bool:
        """Whether it begins with the learner's own picture."""
        return self.picture is not None and self.picture.own

    def key(self, regularisers: Regularisers, side: int) -> tuple[Any, ...]:
        """Return all that a picture depends on."""
        start = self.start if self.picture is None else self.picture.digest
        return ("excite", *self.chosen, self.goal, regularisers, start, side, self.steps, self.seed)


@dataclass(frozen=True)
class Made:
    """A picture that was made and the way to it, ready for the page."""

    steps: tuple[int, ...]
    frames: tuple[str, ...]
    png: bytes
    scores: tuple[float, ...]
    sizes: tuple[float, ...]
    variations: tuple[float, ...]
    silent: int
    peak: float
    best: tuple[tuple[str, float], ...]
    probability: float  # NaN for a channel


# Controls ---------------------------------------------------------------------------------------


def settings() -> Setting:
    """Draw the controls and return what they say."""
    left, right = st.columns(2, gap="large")
    with left:
        chosen = networks.choose(PAGE, transformers=False)
        kind = controls.choice("Excite", [_CLASS, _CHANNEL, _CELL], key=f"{PAGE}_goal")
        goal, what = _class_goal(chosen) if kind == _CLASS else _channel_goal(chosen, kind == _CELL)
    with right:
        with st.container(horizontal=True, gap="medium"):
            start = controls.choice("Begin with", [_NOISE, _GREY, _PICTURE], key=f"{PAGE}_start")
            side = _side(chosen)
        picture = networks.picture_picker(PAGE, chosen.name) if start == _PICTURE else None
        with st.container(horizontal=True, gap="medium"):
            steps = controls.whole_number("Steps", 10, 300, 100, key=f"{PAGE}_steps")
            seed = controls.whole_number("Seed", 0, 999, 0, key=f"{PAGE}_seed")
    return Setting(chosen, goal, what, _regularisers(), start, picture, side, steps, seed)


def _class_goal(chosen: networks.Chosen) -> tuple[Goal, str]:
    from cnnlab.exciting import Goal

    labels = networks.class_labels(chosen.name)
    key = f"{PAGE}_class"
    if st.session_state.get(key) not in (None, *labels):
        st.session_state[key] = next((name for name in _FIRST if name in labels), labels[0])
    shown = labels if len(labels) < 20 else sorted(labels, key=str.casefold)
    first = next((shown.index(name) for name in _FIRST if name in shown), 0)
    label = controls.pick(
        "Class",
        shown,
        key=key,
        first=first,
        help=f"Its score before the softmax is to grow. Type to search all {len(labels)} classes.",
    )
    return Goal(labels.index(label)), label


def _channel_goal(chosen: networks.Chosen, one_cell: bool) -> tuple[Goal, str]:
    from cnnlab.exciting import Goal

    layers = _layers_of(chosen)
    key = f"{PAGE}_layer"
    if st.session_state.get(key) not in (None, *layers.channels):
        st.session_state[key] = layers.usual
    with st.container(horizontal=True, gap="small"):
        names = list(layers.channels)
        layer = controls.pick(
            "Layer", names, key=key, width=215, first=names.index(layers.usual),
            help="By its name in PyTorch, from shallow to deep.",
        )  # fmt: skip
        last = layers.channels[layer] - 1
        number = f"{PAGE}_channel"
        if not 0 <= (st.session_state.get(number) or 0) <= last:
            st.session_state[number] = last
        channel = controls.whole_number(f"Channel, 0 to {last}", 0, last, 0, key=number)
    where = "the middle cell of " if one_cell else ""
    return Goal(channel, layer, one_cell), f"{where}channel {channel} of {layer}"


def _side(chosen: networks.Chosen) -> int:
    from cnnlab.catalogue import OWN

    if chosen.name == OWN:
        return 28
    return controls.choice("Pixels a side", _SIDES, key=f"{PAGE}_side", default=128)


def _regularisers() -> Regularisers:
    from cnnlab.exciting import USUAL, Regularisers

    st.markdown("**What holds the picture back.** 0 is off.")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        decay = _strength(
            "L2 decay",
            0.1,
            USUAL.decay,
            0.005,
            "decay",
            "The share of every number that is taken away at each step: what does not help fades.",
        )
        variation = _strength(
            "Total variation",
            0.05,
            USUAL.variation,
            0.005,
            "variation",
            "How far each step goes against differences between neighbours. Edges may stay.",
        )
        blur = _strength(
            "Blur, pixels",
            2.0,
            USUAL.blur,
            0.1,
            "blur",
            "Standard deviation of a Gaussian blur, every fourth step.",
        )
        jitter = st.slider(
            "Jitter, pixels",
            0,
            16,
            USUAL.jitter,
            key=f"{PAGE}_jitter",
            bind="query-params",
            width=_width(),
            help="Before each step the picture is shifted at random by up to so many pixels. What "
            "goes out on one side comes in on the other.",
        )
        fourier = st.toggle(
            "Large shapes first",
            USUAL.fourier,
            key=f"{PAGE}_fourier",
            bind="query-params",
            help="Each frequency of the gradient is divided by that frequency: long waves grow "
            "fast, ripples slowly. (In papers: Fourier preconditioning.)",
        )
    return Regularisers(decay, variation, blur, jitter, fourier)


def _strength(label: str, most: float, usual: float, step: float, name: str, help: str) -> float:
    return st.slider(
        label,
        0.0,
        most,
        usual,
        step,
        key=f"{PAGE}_{name}",
        bind="query-params",
        width=_width(),
        help=help,
        format="%.3f" if step < 0.1 else "%.1f",
    )


def _width() -> int:
    return 240 if layout.is_lecture() else 148


def _layers_of(chosen: networks.Chosen) -> _Layers:
    def run() -> _Layers:
        from cnnlab import features, hierarchy, loading, pretrained

        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), chosen.name)
        with loading.using(chosen.name, trained=chosen.trained) as model:
            sizes = features.spatial_layers(model, size=(batch.shape[2], batch.shape[3]))
            usual = hierarchy.usual_layers(model, sizes)
        return _Layers(usual[2 * len(usual) // 3], {name: c for name, (c, _, _) in sizes.items()})

    label = f"Looking at the layers of {chosen.name}"
    return work.in_queue(("layers to excite", *chosen), run, label=label)


# One picture ------------------------------------------------------------------------------------


def one_picture(setting: Setting) -> Made | None:
    """Offer to make the picture, show it with the way to it; return it once it is made."""
    made, label = None, f"Making {setting.what}"
    if setting.quick:
        made = _attempt(setting, setting.regularisers, setting.side, label)
    else:
        needs = _seconds(setting, setting.side) * setting.steps
        offer = f"Make the picture (about {about(needs)})"
        key = setting.key(setting.regularisers, setting.side)
        with long_work.started(f"{PAGE}_make", key, offer, icon=":material/auto_awesome:") as going:
            if going:
                made = _attempt(setting, setting.regularisers, setting.side, label)
    if made is None:
        return None
    film_view(
        {
            "label": f"A picture that excites {setting.what}, step by step",
            "start": _start_words(setting),
            "steps": list(made.steps),
            "pixelated": setting.side < 64,
            "films": [
                {
                    "name": setting.what,
                    "frames": list(made.frames),
                    "words": [""] * len(made.frames),
                },
            ],
            "curves": [
                {"name": _score_name(setting), "values": list(made.scores)},
                {"name": "L2, mean square of the numbers", "values": list(made.sizes)},
                {"name": "Total variation for each pixel", "values": list(made.variations)},
            ],
        },
        key=f"{PAGE}_film",
    )
    if setting.picture is not None:
        st.caption("Fewer steps, and no L2 decay, keep more of the picture at the start.")
    if setting.regularisers.jitter:
        st.caption(
            "The score goes up and down from step to step, since each step sees the picture "
            "shifted to another place. The last one is that of the picture as it is."
        )
    if made.silent:
        st.info(_silent_words(setting, made), icon=":material/volume_off:")
    return made


def _attempt(setting: Setting, regularisers: Regularisers, side: int, label: str) -> Made | None:
    """Make a picture, or say why there is none; the rest of the page stays."""
    try:
        return _make(setting, regularisers, side, label)
    except InputError as error:
        st.error(str(error))
        return None


def _make(setting: Setting, regularisers: Regularisers, side: int, label: str) -> Made:
    chosen = setting.chosen

    def run() -> Made:
        from cnnlab import loading
        from cnnlab.exciting import excite

        with loading.using(chosen.name, trained=chosen.trained) as model:
            found = excite(
                model,
                chosen.name,
                setting.goal,
                regularisers=regularisers,
                start=setting.start if setting.picture is None else setting.picture.image,
                side=side,
                steps=setting.steps,
                seed=setting.seed,
            )
        labels = networks.class_labels(chosen.name)
        frames = [Image.fromarray(frame) for frame in found.frames]
        return Made(
            tuple(found.steps),
            tuple(data_link(frame) for frame in frames),
            to_png(frames[-1]),
            _rounded(found.scores),
            _rounded(found.sizes),
            _rounded(found.variations),
            found.silent,
            found.peak,
            tuple((labels[index], share) for index, share in found.best),
            found.probability,
        )

    return work.in_queue(setting.key(regularisers, side), run, label=label, own=setting.own)


def _rounded(values: Any) -> tuple[float, ...]:
    """Return numbers with four digits: more would only make the page heavier."""
    return tuple(float(f"{value:.4g}") for value in values.tolist())


def _score_name(setting: Setting) -> str:
    if setting.goal.layer is None:
        return "Score of the class, before the softmax"
    return "Answer of the cell" if setting.goal.one_cell else "Mean answer of the channel"


def _start_words(setting: Setting) -> str:
    return setting.start if setting.picture is None else setting.picture.title


def _silent_words(setting: Setting, made: Made) -> str:
    times = "one step" if made.silent == 1 else f"{made.silent} of {setting.steps} steps"
    says = (
        f"At {times} a ReLU was closed in all cells, so no pixel had a gradient. The signal was "
        "then let through as if the ReLU were open."
    )
    if made.scores[-1] > 0:
        return says
    return (
        f"{says} It did not help: at the end the answer is still {written(made.scores[-1])}. Try "
        "weaker regularisers, another seed, or begin with a picture."
    )


def _seconds(setting: Setting, side: int) -> float:
    """Return how long a step takes here."""
    chosen, layer = setting.chosen, setting.goal.layer

    def run() -> float:
        from cnnlab import loading
        from cnnlab.exciting import seconds_a_step

        with loading.using(chosen.name, trained=chosen.trained) as model:
            return seconds_a_step(model, chosen.name, layer=layer, side=side)

    key = ("seconds a step", *chosen, layer, side)
    return work.in_queue(key, run, label=f"Timing one step of {chosen.name}")


# What the network says --------------------------------------------------------------------------


def verdict(setting: Setting, made: Made) -> None:
    """Show what the network says of the picture, and the real patches that excite the channel."""
    layout.prose(
        "**What it does not show.** This is one picture of very many: another seed gives another "
        "one. It raises one number as far as it goes, often far beyond what photographs reach. It "
        "does not say that the network looks for this in *your* pictures. Pixels run from black to "
        "white, 0 to 255, as they were made; the range of each curve stands beside it."
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What the network says of it**")
        st.html(class_bars(made.best))
        st.caption(_said(setting, made))
        st.download_button(
            "Picture (.png)",
            made.png,
            file_name=f"{setting.chosen.name}-excited.png",
            mime="image/png",
            icon=":material/download:",
            on_click="ignore",
        )
    with right:
        if setting.goal.layer is None:
            _about_class(setting)
        else:
            _real_patches(setting, made)


def _said(setting: Setting, made: Made) -> str:
    if not setting.chosen.trained:
        return "With random numbers the names of the classes mean nothing."
    where = f"The last picture, as it was made: {setting.side} pixels a side, whole grey levels."
    if setting.goal.layer is None:
        sure = f"{setting.what}: {percent(made.probability)}. "
        return f"{sure}{where}"
    return f"{where} The channel was excited, no class was."


def _about_class(setting: Setting) -> None:
    layout.prose(
        "**Why before the softmax?** A probability can also grow because all *other* scores fall. "
        "The score of the class alone can only grow by what speaks for the class."
    )
    if not setting.chosen.trained:
        layout.prose(
            "**Before training** the score climbs too, but there is nothing to see: the filters "
            "are random, and so is what excites them."
        )


def _real_patches(setting: Setting, made: Made) -> None:
    from cnnlab import patches

    layer, channel = setting.goal.layer or "", setting.goal.index
    name, trained = setting.chosen
    st.markdown("**Real pictures: the patches of the samples that excite the channel most**")
    known = patches.are_known(name, [layer], trained)
    if not known and not setting.quick:
        from cnnlab.pretrained import preprocess

        side = preprocess(Image.new("RGB", (256, 256)), name).shape[3]
        scale = (side / setting.side) ** 2 / 3  # forward alone takes a third
        needs = _seconds(setting, setting.side) * scale * len(patches.crops(name))
        label = f"Search the samples (about {about(needs)})"
        with long_work.started(
            f"{PAGE}_search", (name, trained, layer), label, icon=":material/search:", primary=False
        ) as going:
            if going:
                patch_view.find_patches(name, trained, [layer])
        if not going:
            return
    patch_view.nine_patches(name, trained, layer, channel)
    found = patches.patches_of(name, layer, channel, trained=trained)
    if found and found[0].value > 0:
        st.markdown(
            f"The strongest cell answers **{written(made.peak)}** to the made picture and "
            f"**{written(found[0].value)}** to the best patch: "
            f"**{written(made.peak / found[0].value)} times** as much."
        )
    query = {
        "hierarchy_network": name,
        "hierarchy_layers": layer,
        "hierarchy_at": layer,
        "hierarchy_channel": str(channel),
    }
    if not trained:
        query["hierarchy_trained"] = "false"
    st.page_link(
        _HIERARCHY,
        label="This channel in “From edges to objects”",
        icon=":material/stacks:",
        query_params=query,
    )


# Exercises on the picture -----------------------------------------------------------------------


def tasks(setting: Setting, made: Made | None) -> None:
    """Draw what is to be reached with the controls, with what has been reached."""
    if layout.is_lecture():
        return
    reached: set[str] = st.session_state.setdefault(_FOUND, set())
    now = _reached(setting, made)
    reached |= now
    items = "".join(
        f'<span class="{"done" if task in reached else ""}">'
        f"{'✓ reached:' if task in reached else '○'} {escape(task)}</span>"
        for task in TASKS
    )
    st.html(
        f'{_STYLE}<div class="reach"><strong>Reach with the controls above</strong>{items}</div>'
    )


TASKS: tuple[str, ...] = (
    "Without any regulariser: a class that the network believes with at least 99 %. Would you?",
    "The same with every regulariser on, and a jitter of 8 pixels or more.",
    "Begin with a picture of something else and make the network believe the class, at least 99 %.",
    "Switch the trained weights off: all regularisers on, and no class gets 99 %.",
)


def _reached(setting: Setting, made: Made | None) -> set[str]:
    """Return which of the tasks the picture fulfils."""
    if made is None or setting.goal.layer is not None:
        return set()
    held = setting.regularisers
    sure, trained = made.probability >= _SURE, setting.chosen.trained
    nothing = type(held)()
    fulfilled = (
        trained and sure and held == nothing,
        trained and sure and held.all_on and held.jitter >= 8,
        trained and sure and setting.picture is not None and not _says_at_first(setting),
        not trained and held.all_on and made.best[0][1] < _SURE,
    )
    return {task for task, done in zip(TASKS, fulfilled, strict=True) if done}


def _says_at_first(setting: Setting) -> bool:
    """Return whether the network takes the picture at the start for the class already."""
    if setting.picture is None or not setting.chosen.trained:
        return False
    answer = networks.answer(setting.picture, setting.chosen.name)
    return answer.best[0].index == setting.goal.index


# The comparison ---------------------------------------------------------------------------------


def comparison(setting: Setting) -> None:
    """Offer to make the picture without regularisers, with each alone, and with all."""
    from cnnlab.exciting import SIDE, each_alone

    side = min(setting.side, SIDE)
    choices = each_alone(setting.regularisers)
    strong = choices["all"]
    needs = _seconds(setting, side) * setting.steps * len(choices)
    wanted = ("compare", setting.key(strong, side))
    label = f"Make {len(choices)} pictures (about {about(needs)})"
    films = {}
    with long_work.started(
        f"{PAGE}_compare", wanted, label, icon=":material/compare:", primary=False
    ) as going:
        for number, (name, chosen) in enumerate(choices.items() if going else (), 1):
            what = _ALONE[name].format(getattr(strong, name, 0))
            made = _attempt(setting, chosen, side, f"{what}, {number} of {len(choices)}")
            if made is None:  # the next ones would say the same
                break
            films[what] = made
    if not films:
        return
    steps = next(iter(films.values())).steps
    kept = sorted({*range(0, len(steps), 2), len(steps) - 1})  # half of the frames, and the last
    film_view(
        {
            "label": "The same goal with different regularisers",
            "start": _start_words(setting),
            "steps": [steps[place] for place in kept],
            "pixelated": side < 64,
            "films": [
                {
                    "name": what,
                    "frames": [made.frames[place] for place in kept],
                    "words": _compared_words(made, [steps[place] for place in kept]),
                }
                for what, made in films.items()
            ],
        },
        key=f"{PAGE}_films",
    )
    st.caption(
        f"{setting.what}; {side} pixels a side, seed {setting.seed}. Pixels from black to white; "
        "the scores can be compared. Where a part is off above, it is shown here with its usual "
        "strength. One seed proves little: look at a second one."
    )


def _compared_words(made: Made, steps: Sequence[int]) -> list[str]:
    words = [f"score {written(made.scores[step])}" for step in steps]
    if made.probability == made.probability:  # a class
        words[-1] += f"; {percent(made.probability)} sure"
    return words


def exercises() -> list[Question]:
    """Return the exercises; they compute with the lab's own functions."""
    from cnnlab.exercises.images_that_excite import questions

    return questions()


def code() -> Sequence[Callable[..., Any]]:
    """Return the functions that the page has run, to show their source."""
    from cnnlab import exciting

    return exciting.excite, exciting.one_step, exciting.coarse, exciting.total_variation
