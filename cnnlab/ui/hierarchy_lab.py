"""The parts of the lesson on the hierarchy: layers, one channel, feature inversion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.pictures import data_link, framed
from cnnlab.figures.theme import ROLES
from cnnlab.numerals import written
from cnnlab.pace import about
from cnnlab.percent import percent
from cnnlab.questions import Question
from cnnlab.ui import controls, layout, long_work, networks, pace, patch_view, work
from cnnlab.ui.film_view import film_view
from cnnlab.ui.hierarchy_view import hierarchy_view

__all__ = [
    "Setting",
    "channel_controls",
    "code",
    "exercises",
    "inversion",
    "levels",
    "one_channel",
    "settings",
]

PAGE = "hierarchy"
MOST_LAYERS = 5
_PATIENCE = 30  # seconds: a longer search waits for a button
_TILE, _MAP, _SMALL = 60, 112, 128  # pixels of a patch in a row, of a map, of the picture there
_AT, _CHANNEL, _LAYERS = f"{PAGE}_at", f"{PAGE}_channel", f"{PAGE}_layers"
_LAST_NETWORK, _LAST_AT = f"{PAGE}_last_network", f"{PAGE}_last_at"
# Streamlit writes the chosen layers in white, which cannot be read on the light pink of dark mode.
_TAGS = """
<style>
.st-key-LAYERS [data-tag] { color: inherit; background: color-mix(in srgb, COLOUR 22%, transparent);
  outline: 1px solid COLOUR; }
.st-key-LAYERS [data-tag] * { color: inherit; }
</style>
""".replace("COLOUR", ROLES["cursor"].figure).replace("LAYERS", _LAYERS)


@dataclass(frozen=True)
class Setting:
    """What a learner looks at."""

    chosen: networks.Chosen
    picture: controls.Picture
    layers: tuple[str, ...]

    @property
    def network(self) -> tuple[str, bool]:
        """What results that belong to no picture depend on."""
        return self.chosen.name, self.chosen.trained


@dataclass(frozen=True)
class _Tile:
    """One channel of a layer, ready for the page."""

    channel: int
    mean: float
    map: str


@dataclass(frozen=True)
class _Mosaic:
    """The nine patches of a channel as one picture, and whether there are stripes in it."""

    link: str
    stripes: bool


@dataclass(frozen=True)
class _Row:
    """One layer, ready for the page."""

    shape: tuple[int, int, int]
    tiles: tuple[_Tile, ...]
    sees: tuple[int, int] | None  # height and width of a cell's field, None for everything
    whole: bool
    box: tuple[int, int, int, int] | None  # of the cell in the middle


@dataclass(frozen=True)
class _Looked:
    """The picture at each of the layers, and how long the network took."""

    seen: Image.Image
    rows: dict[str, _Row]


def settings() -> Setting:
    """Draw the controls and return what they say."""
    left, right = st.columns(2, gap="large")
    with left:
        chosen = networks.choose(PAGE, transformers=False)
    with right:
        picture = networks.picture_picker(PAGE, chosen.name)
    usual, every = _layers_of(chosen)
    if st.session_state.get(_LAST_NETWORK, chosen.name) != chosen.name:
        st.session_state[_LAYERS] = usual  # the layers of another network mean nothing here
    st.session_state[_LAST_NETWORK] = chosen.name
    st.html(_TAGS)
    wanted = st.multiselect(
        "Layers, from shallow to deep",
        every,
        usual,
        max_selections=MOST_LAYERS,
        key=_LAYERS,
        bind="query-params",
        help=f"Up to {MOST_LAYERS}, by their names in PyTorch. At first the last layer of some "
        "sizes of feature maps.",
    )
    if not wanted:
        st.info("Choose at least one layer.", icon=":material/layers:")
        st.stop()
    return Setting(chosen, picture, tuple(layer for layer in every if layer in wanted))


def _layers_of(chosen: networks.Chosen) -> tuple[list[str], list[str]]:
    """Return the layers shown at first, and all that have feature maps."""

    def run() -> tuple[list[str], list[str]]:
        from cnnlab import features, hierarchy, loading, pretrained

        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), chosen.name)
        with loading.using(chosen.name, trained=chosen.trained) as model:
            sizes = features.spatial_layers(model, size=(batch.shape[2], batch.shape[3]))
            return hierarchy.usual_layers(model, sizes), list(sizes)

    label = f"Looking at the layers of {chosen.name}"
    return work.in_queue(("hierarchy layers", *chosen), run, label=label)


# Rows -------------------------------------------------------------------------------------------


def levels(setting: Setting, at: str, channel: int) -> None:
    """Show the layers with their strongest channels.

    Parameters
    ----------
    setting : Setting
        What is looked at.
    at, channel
        The layer and the channel that are chosen.
    """
    looked = _look(setting)
    box = st.empty()
    if not _are_known(setting):
        with box.container():
            _draw(looked, {}, (at, channel), key=f"{PAGE}_first_view")
        if not _search(setting):
            return
    with box.container():
        _draw(looked, _mosaics(setting, looked), (at, channel), key=f"{PAGE}_view")


def _draw(
    looked: _Looked, mosaics: dict[tuple[str, int], _Mosaic], chosen: tuple[str, int], *, key: str
) -> None:
    seen = looked.seen.resize((_SMALL, _SMALL), Image.Resampling.LANCZOS)
    hierarchy_view(
        {
            "picture": {"src": data_link(seen)},
            "chosen": [*chosen],
            "rows": [
                _row(layer, row, looked.seen.size, mosaics) for layer, row in looked.rows.items()
            ],
        },
        key=key,
        on_pick=partial(_pick, key),
    )


def _look(setting: Setting) -> _Looked:
    chosen, picture = setting.chosen, setting.picture

    def run() -> _Looked:
        from cnnlab import hierarchy, loading, network_receptive, pretrained
        from cnnlab.figures.patches import map_picture

        batch = pretrained.preprocess(picture.image, chosen.name)
        with loading.using(chosen.name, trained=chosen.trained) as model:
            found = hierarchy.answers(model, batch, layers=setting.layers)
        rows = {}
        for layer, answers in found.items():
            field = network_receptive.receptive_field_of(chosen.name, layer)
            middle = (answers.shape[1] // 2, answers.shape[2] // 2)
            tiles = [
                _Tile(channel, float(mean), data_link(map_picture(values, _MAP)))
                for channel, mean, values in zip(
                    answers.channels, answers.means, answers.maps, strict=True
                )
            ]
            rows[layer] = _Row(
                answers.shape,
                tuple(tiles),
                field.size,
                field.whole and field.size is not None,
                None if field.size is None else field.box(middle),
            )
        return _Looked(pretrained.as_seen(batch, chosen.name), rows)

    key = ("hierarchy", *setting.network, setting.layers, picture.digest)
    return work.in_queue(key, run, label=f"Asking {chosen.name}", own=picture.own)


def _seconds(setting: Setting) -> float:
    return pace.seconds_a_pass(setting.chosen.name, trained=setting.chosen.trained)


def _are_known(setting: Setting) -> bool:
    """Return whether the samples have been searched for the patches of these layers."""
    from cnnlab import patches

    return patches.are_known(setting.chosen.name, setting.layers, setting.chosen.trained)


def _search(setting: Setting) -> bool:
    """Search the patches: at once, or on demand where it takes long; return whether it was done."""
    from cnnlab import patches

    needs = _seconds(setting) * len(patches.crops(setting.chosen.name))
    with long_work.started(
        f"{PAGE}_search",
        setting.network,
        f"Search the patches that excite each channel (about {about(needs)})",
        stop="Stop the search",
        icon=":material/search:",
        primary=False,
        ask=needs > _PATIENCE,
    ) as asked:
        if asked:
            patch_view.find_patches(*setting.network, setting.layers)
    return asked


def _mosaics(setting: Setting, looked: _Looked) -> dict[tuple[str, int], _Mosaic]:
    """Return the nine patches of each channel that is shown, as one picture each."""
    shown = tuple((layer, tile.channel) for layer, row in looked.rows.items() for tile in row.tiles)
    name, trained = setting.network

    def run() -> dict[tuple[str, int], _Mosaic]:
        from cnnlab import patches
        from cnnlab.figures.patches import has_stripes, mosaic

        made = {}
        for layer, channel in shown:
            found = patches.patches_of(name, layer, channel, trained=trained)
            stripes = any(has_stripes(patch) for patch in found)
            made[layer, channel] = _Mosaic(data_link(mosaic(found, _TILE)), stripes)
        return made

    return work.in_queue(("mosaics", name, trained, shown), run, label="Cutting out the patches")


def _row(
    layer: str, row: _Row, size: tuple[int, int], mosaics: dict[tuple[str, int], _Mosaic]
) -> dict[str, Any]:
    width, height = size
    channels, rows, columns = row.shape
    words = [f"{channels} channels of {rows}\u00a0×\u00a0{columns}"]
    frame = None
    if row.sees is None or row.box is None:
        words.append("a cell sees the whole picture")
    else:
        words.append(f"a cell sees {row.sees[0]}\u00a0×\u00a0{row.sees[1]}\u00a0pixels")
        top, left, bottom, right = row.box
        frame = {
            "left": max(left, 0) / width,
            "top": max(top, 0) / height,
            "width": (min(right, width) - max(left, 0)) / width,
            "height": (min(bottom, height) - max(top, 0)) / height,
        }
    drawn = [mosaics.get((layer, tile.channel), _Mosaic("", stripes=False)) for tile in row.tiles]
    if row.whole:
        words.append("and the mean of the whole picture")
    note = f"{patch_view.STRIPES}." if any(one.stripes for one in drawn) else ""
    return {
        "layer": layer,
        "words": words,
        "note": note,
        "frame": frame,
        "frameAlt": f"The picture, {height} × {width} pixels; {words[1]}.",
        "tiles": [
            {
                "channel": tile.channel,
                "mean": f"mean {written(tile.mean)}",
                "map": tile.map,
                "mapAlt": f"Feature map of channel {tile.channel}.",
                "patches": one.link,
                "patchesAlt": f"Nine patches that excite channel {tile.channel} most.",
            }
            for tile, one in zip(row.tiles, drawn, strict=True)
        ],
    }


# One channel ------------------------------------------------------------------------------------


def channel_controls(setting: Setting) -> tuple[str, int]:
    """Draw the controls of one channel and return its layer and number.

    They are drawn before the rows, though they stand below: a link sets them.
    """
    rows = _look(setting).rows
    if st.session_state.get(_AT) not in (None, *setting.layers):
        st.session_state[_AT] = setting.layers[-1]
    with st.container(horizontal=True, gap="medium"):
        last = len(setting.layers) - 1
        at = controls.pick("Layer", list(setting.layers), key=_AT, width=260, first=last)
        strongest, n_channels = rows[at].tiles[0].channel, rows[at].shape[0]
        where = (*setting.network, at)
        if st.session_state.get(_LAST_AT, where) != where:  # a channel belongs to its layer
            st.session_state[_CHANNEL] = strongest
        st.session_state[_LAST_AT] = where
        label = f"Channel, 0 to {n_channels - 1}"
        channel = controls.whole_number(label, 0, n_channels - 1, strongest, key=_CHANNEL)
    return at, channel


def _pick(view: str) -> None:
    """Take the channel that was clicked."""
    pick = st.session_state[view].get("pick") or {}
    if isinstance(pick.get("layer"), str) and isinstance(pick.get("channel"), int):
        st.session_state[_AT], st.session_state[_CHANNEL] = pick["layer"], pick["channel"]
        before = st.session_state.get(_LAST_AT)
        if before is not None:
            st.session_state[_LAST_AT] = (*before[:2], pick["layer"])


def one_channel(setting: Setting, at: str, channel: int) -> None:
    """Show one channel: where it answers in the picture, and the nine patches."""
    left, right = st.columns(2, gap="large")
    with left:
        _where(setting, at, channel)
        layout.prose(patch_view.how_chosen(setting.chosen.name))
    with right:
        st.markdown("**In the samples: where its answers are strongest**")
        if not _are_known(setting):
            st.caption("Search the patches above first.")
            return
        patch_view.nine_patches(*setting.network, at, channel)


@dataclass(frozen=True)
class _Where:
    """One channel in the learner's picture, ready for the page."""

    lit: Image.Image
    map: Image.Image
    peak: float
    low: float
    sees: tuple[int, int] | None


def _where(setting: Setting, layer: str, channel: int) -> None:
    chosen, picture = setting.chosen, setting.picture

    def run() -> _Where:
        from cnnlab import hierarchy, loading, network_receptive, pretrained
        from cnnlab.figures.patches import map_picture, spotlight

        batch = pretrained.preprocess(picture.image, chosen.name)
        with loading.using(chosen.name, trained=chosen.trained) as model:
            found = hierarchy.answers(model, batch, layers=[layer], channel=channel)
        answers = found[layer]
        seen = pretrained.as_seen(batch, chosen.name)
        seen = seen.resize((max(seen.width, 224), max(seen.height, 224)))
        peak = float(answers.maps[0].max())
        field = network_receptive.receptive_field_of(chosen.name, layer)
        across, down = seen.width / batch.shape[3], seen.height / batch.shape[2]
        region: tuple[float, float, float, float] = (0, 0, seen.width, seen.height)
        if field.size is not None:
            top, left, bottom, right = field.area(answers.shape[1:])
            region = (left * across, top * down, right * across, bottom * down)
        lit = spotlight(seen, answers.maps[0], region)
        if field.size is not None and peak > 0:
            top, left, bottom, right = field.box(answers.peak(0))
            box = (
                max(left, 0),
                max(top, 0),
                min(right, batch.shape[3]),
                min(bottom, batch.shape[2]),
            )
            lit = framed(lit, (box[0] * across, box[1] * down, box[2] * across, box[3] * down))
        drawn = map_picture(answers.maps[0], 224).resize((224, 224), Image.Resampling.NEAREST)
        return _Where(lit, drawn, peak, min(float(answers.maps[0].min()), 0.0), field.size)

    key = ("one channel", *setting.network, layer, channel, picture.digest)
    where = work.in_queue(key, run, label=f"Asking {chosen.name}", own=picture.own)
    st.markdown(f"**In your picture: {setting.picture.title}**")
    one, other = st.columns(2)
    frame = (
        ""
        if where.sees is None or where.peak <= 0
        else " In the frame: what the strongest cell sees."
    )
    one.image(
        where.lit,
        caption=f"Bright where it answers.{frame}",
        width="stretch",
        alt=f"{setting.picture.alt} Bright where channel {channel} of {layer} answers.",
    )
    other.image(
        where.map,
        caption=f"The feature map: black is {written(where.low)}, white is {written(where.peak)}."
        + _why_more(setting, layer, channel, where.peak),
        output_format="PNG",
        width="stretch",
        alt=f"Feature map of channel {channel} in shades of grey.",
    )


def _why_more(setting: Setting, layer: str, channel: int, peak: float) -> str:
    """Say why the same photograph answers more among the samples, where it does."""
    from cnnlab import patches

    if setting.picture.own or not _are_known(setting):
        return ""
    name, trained = setting.network
    found = patches.patches_of(name, layer, channel, trained=trained)
    same = [patch.value for patch in found if patch.sample.title == setting.picture.title]
    best = max(same, default=0.0)
    if best <= peak or written(best) == written(peak):
        return ""
    return (
        f" Among the samples the same photograph reaches {written(best)}: there it is also shown "
        "in other squares, at two scales; here the network sees it once, cut to its middle."
    )


# Feature inversion ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Film:
    """The way from noise to a picture, ready for the page."""

    target: str
    steps: tuple[int, ...]
    frames: tuple[str, ...]
    words: tuple[str, ...]


def inversion(setting: Setting) -> None:
    """Offer to reconstruct the picture from each layer, and play how it came about."""
    from cnnlab.inversion import SIDE, STEPS

    wanted = (*setting.network, setting.layers, setting.picture.digest)
    steps = STEPS * len(setting.layers)
    needs = 3 * _seconds(setting) * min(1.0, SIDE / _side(setting)) ** 2 * steps
    label = f"Reconstruct the picture from each layer (up to {about(needs)})"
    films: dict[str, _Film] = {}
    with long_work.started(f"{PAGE}_invert", wanted, label) as going:
        for number, layer in enumerate(setting.layers if going else (), 1):
            try:
                films[layer] = _film(setting, layer, f"{layer}, {number} of {len(setting.layers)}")
            except InputError as error:
                st.error(str(error))
    if not films:
        return
    first = next(iter(films.values()))
    film_view(
        {
            "label": "What each layer still knows",
            "start": "noise",
            "code": True,
            "target": {"src": first.target, "alt": setting.picture.alt},
            "steps": list(first.steps),
            "films": [
                {"name": layer, "frames": list(film.frames), "words": list(film.words)}
                for layer, film in films.items()
            ],
        },
        key=f"{PAGE}_films",
    )


def _side(setting: Setting) -> int:
    return max(_look(setting).seen.size)


def _film(setting: Setting, layer: str, label: str) -> _Film:
    chosen, picture = setting.chosen, setting.picture

    def run() -> _Film:
        from cnnlab import loading
        from cnnlab.inversion import invert

        with loading.using(chosen.name, trained=chosen.trained) as model:
            found = invert(model, picture.image, chosen.name, layer=layer)
        off = [float(found.losses[step]) ** 0.5 for step in found.steps]
        return _Film(
            _small_link(Image.fromarray(found.target)),
            tuple(found.steps),
            tuple(_small_link(Image.fromarray(frame)) for frame in found.frames),
            tuple(
                f"features {percent(share)} off; similarity {similarity:.2f}".replace("-", "−")
                for share, similarity in zip(off, found.similarities, strict=True)
            ),
        )

    key = ("inversion", *setting.network, layer, picture.digest)
    return work.in_queue(key, run, label=f"Reconstructing from {label}", own=picture.own)


def _small_link(picture: Image.Image) -> str:
    if max(picture.size) < 100:  # a digit: keep its pixels visible
        picture = picture.resize((picture.width * 5, picture.height * 5), Image.Resampling.NEAREST)
    return data_link(picture)


def exercises() -> list[Question]:
    """Return the exercises; they ask networks for their layers."""
    from cnnlab.exercises.hierarchy import questions

    return questions()


def code() -> Sequence[Callable[..., Any]]:
    """Return the functions that the page has run, to show their source."""
    from cnnlab import inversion, patches

    return patches.strongest, inversion.invert, inversion.total_variation
