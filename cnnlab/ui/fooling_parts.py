"""Five experiments on fooled pictures: size, linear view, noise, patch and defences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.linear_view import TOY_WEIGHTS, TOY_X, linear_score, nudged, sigmoid
from cnnlab.numerals import factor
from cnnlab.percent import finely
from cnnlab.ui import controls, layout, panels
from cnnlab.ui.fooling_setting import (
    PAGE,
    Setting,
    class_picker,
    patience,
    picture_of,
    queued,
    sample_levels,
    worked_out,
)

if TYPE_CHECKING:
    from cnnlab.adversarial_patch import Patch
    from cnnlab.fooling import Curve, Fooled
    from cnnlab.linear_view import LinearView
    from cnnlab.noise_ascent import Ascent

__all__ = ["defences", "epsilons", "linear", "noise", "patch"]

_STYLE = """
<style>
.frames { display: grid; gap: 0.8rem; max-width: 70rem;
  grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
.frames figure { margin: 0; min-width: 0; }
.frames img { width: 100%; display: block; border-radius: 4px; }
.frames .few, .patched .few { image-rendering: pixelated; }
.frames figcaption { line-height: 1.35; margin-top: 0.3rem; font-variant-numeric: tabular-nums; }
.patched { display: grid; gap: 1.2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)); }
.patched figure { margin: 0; min-width: 0; }
.patched figcaption { line-height: 1.45; margin-top: 0.4rem; }
.patched img { width: 100%; max-width: 22rem; display: block; border-radius: 4px; }
.patched .alone { width: auto; min-width: 6rem; }
.wins { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%;
  max-width: 22rem; table-layout: fixed; }
.wins td { border: 1px solid color-mix(in srgb, currentColor 30%, transparent); text-align: center;
  padding: 0.5rem 0; font-size: 0.85rem; }
.wins .won { background: color-mix(in srgb, #209068 35%, transparent); font-weight: 650; }
.toy td, .toy th { text-align: right !important; padding: 0.3rem 0.6rem !important; }
.toy th:first-child { text-align: left !important; white-space: nowrap; }
</style>
"""
_PATCH_SIDES = {"15 %": 0.15, "25 %": 0.25, "40 %": 0.4}
_ATTACKERS = ("does not know the defence", "knows it")
_FRAMES = 6
_GRID = 5


# How small can epsilon be? ----------------------------------------------------------------------


def epsilons(setting: Setting) -> None:
    """Draw the answer over epsilon, and say which is the smallest that is enough."""
    largest = 64 if setting.digits else 16

    def run() -> Curve:
        from cnnlab import fooling, loading

        name = setting.chosen.name
        with loading.using(name, trained=setting.chosen.trained) as model:
            return fooling.curve(
                model, setting.picture.image, name, largest=largest, **setting.attack
            )

    curve = worked_out(
        setting,
        "curve",
        (setting.method, setting.goal, setting.target),
        run,
        passes=largest * (1 if setting.method == "FGSM" else setting.passes) + 4,
        label="Trying every ε",
        says=f"Try every ε from 0 to {largest}",
    )
    if curve is None:
        return
    from cnnlab.figures.fooling import epsilon_chart
    from cnnlab.fooling import GOALS, aim

    labels = setting.labels
    first = labels[int(curve.answers[0])]
    if setting.goal == GOALS[0]:
        other = "the best other class"
    else:
        other = labels[aim(curve.start, setting.goal, setting.target)[0]]
    layout.chart(
        epsilon_chart(
            curve.epsilons.tolist(),
            [(first, curve.first.tolist()), (other, curve.other.tolist())],
            [labels[answer] for answer in curve.answers.tolist()],
            epsilon=setting.epsilon,
        ),
        height=320,
        alt=f"Probability of {first} and of {other} for each ε from 0 to {largest}.",
    )
    if curve.smallest is None:
        st.markdown(f"**No ε up to {largest} is enough** with {setting.method}.")
    elif curve.smallest == 0:
        st.markdown("The network says so without any change.")
    else:
        last = labels[int(curve.answers[curve.smallest])]
        st.markdown(
            f"**The smallest ε that is enough is {curve.smallest}**: the answer is then “{last}”."
        )
    layout.prose(
        "Each point is an attack of its own with this ε; the upright line is your ε. A larger ε "
        "is not always better for FGSM: it goes straight on where the network bends."
    )


# The linear view --------------------------------------------------------------------------------


def linear(setting: Setting) -> None:
    """Show that many small changes add up: ten numbers first, then the network."""
    _toy()
    _network_line(setting)


@st.fragment
def _toy() -> None:
    """Show ten numbers, their weights, and what a small step does to the score."""
    st.markdown("**Ten numbers.** The score is their weighted sum.")
    epsilon = st.slider(
        "ε for the ten numbers", 0.0, 1.0, 0.5, 0.1, key=f"{PAGE}_toy", bind="query-params"
    )
    moved = nudged(TOY_X, TOY_WEIGHTS, epsilon)
    rows = {
        "x": [f"{x:g}" for x in TOY_X],
        "weight w": [f"{weight:+d}" for weight in TOY_WEIGHTS],
        "x + ε · sign(w)": [f"{x:g}" for x in moved.round(1)],
    }
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{_minus(cell)}</td>" for cell in cells)}'
        "</tr>"
        for name, cells in rows.items()
    )
    before, after = (round(linear_score(x, TOY_WEIGHTS), 6) + 0.0 for x in (TOY_X, moved))
    st.html(f'{_STYLE}<div class="numbers toy"><table><tbody>{body}</tbody></table></div>')
    st.markdown(
        _minus(
            f"Score: {before:g} + ε · Σ|w| = {before:g} + {epsilon:g} · 10 = **{after:g}**. "
            f"Probability of the class: {finely(sigmoid(before))} → "
            f"**{finely(sigmoid(after))}**."
        )
    )
    layout.prose(
        "No number moved by more than ε, yet the score rose ten times as far: each number goes "
        "with the sign of its weight, so nothing cancels "
        "([Karpathy 2015](https://karpathy.github.io/2015/03/30/breaking-convnets/))."
    )


def _network_line(setting: Setting) -> None:
    from cnnlab.fooling import GOALS

    if setting.goal == GOALS[0]:
        way = "away from its answer"
    elif setting.goal == GOALS[1]:
        way = f"towards “{setting.labels[setting.target]}”"
    else:
        way = f"towards {setting.goal}"
    st.markdown(f"**The network**, {way}.")

    largest = 32 if setting.digits else 2

    def run() -> tuple[LinearView, int, bool]:
        from cnnlab import fooling, loading
        from cnnlab.linear_view import linear_view

        name, image = setting.chosen.name, setting.picture.image
        with loading.using(name, trained=setting.chosen.trained) as model:
            scores, levels = fooling.in_levels(model, name), fooling.seen_levels(image, name)
            start = fooling.probabilities(scores, levels)[0].numpy()
            target, towards = fooling.aim(start, setting.goal, setting.target)
            view = linear_view(model, image, name, target=target, towards=towards, largest=largest)
            return view, target, towards

    found = worked_out(
        setting,
        "linear",
        (setting.goal, setting.target),
        run,
        passes=22,
        label="Following the gradient",
        says="Compare the linear view with the network",
    )
    if found is None:
        return
    from cnnlab.figures.fooling import linear_chart

    view, target, towards = found
    label = setting.labels[target]
    layout.chart(
        linear_chart(view.epsilons.tolist(), view.foretold.tolist(), view.actual.tolist()),
        height=300,
        alt=f"Score of {label} over ε: the straight line of the linear view, and the network.",
    )
    middle = len(view.epsilons) // 2
    step, mean = view.n * view.mean_gradient, factor(view.mean_gradient, view.n)
    st.markdown(
        _minus(
            f"Score of “{label}”, before the softmax. The picture has n = {view.n:,} numbers, "
            f"and the gradient has the mean size {mean}. So each grey level should "
            f"{'add' if towards else 'take away'} n · mean = **{step:.2f}**. For ε = "
            f"{view.epsilons[middle]:g} the line says {view.foretold[middle]:.2f}, the network "
            f"{view.actual[middle]:.2f}."
        )
    )
    layout.prose(
        "The network is piecewise linear: near the picture the line is right, further away the "
        "network bends. One number adds next to nothing; it is their count that does it "
        "(Goodfellow et al. 2015, section 3). Here numbers may leave 0 to 255, so that nothing but "
        "the bends makes the difference."
    )


# From noise -------------------------------------------------------------------------------------


def noise(setting: Setting) -> None:
    """Climb from noise until the network is sure, and show the steps."""
    name = setting.chosen.name
    with st.container(horizontal=True, gap="small"):
        target = class_picker("noise_class", name, "Class to see in the noise")
        seed = controls.whole_number("Seed of the noise", 0, 999, 0, key=f"{PAGE}_seed")

    def run() -> Ascent:
        from cnnlab import fooling, loading
        from cnnlab.noise_ascent import from_noise

        channels, height, width = fooling.seen_levels(Image.new("RGB", (64, 64)), name).shape[1:]
        with loading.using(name, trained=setting.chosen.trained) as model:
            scores = fooling.in_levels(model, name)
            found = from_noise(scores, (channels, height, width), target=target, seed=seed)
        return found.thinned(_FRAMES)

    ascent = worked_out(
        setting,
        "noise",
        (target, seed),
        run,
        passes=4 * 15,
        label="Climbing from noise",
        says="Climb from noise",
        own=False,
    )
    if ascent is None:
        return
    labels = setting.labels
    few = 'class="few" ' if setting.digits else ""
    st.html(
        f'{_STYLE}<div class="frames">'
        + "".join(
            f'<figure><img {few}src="{_link(pixels)}" alt="{escape(_step(step))}: noise.">'
            f"<figcaption><strong>{_step(step)}</strong><br>{escape(labels[target])} "
            f"{finely(float(share))}"
            + ("" if answer == target else f"<br>answer: {escape(labels[answer])}")
            + "</figcaption></figure>"
            for step, pixels, share, answer in zip(
                ascent.steps, ascent.frames, ascent.shares, ascent.answers.tolist(), strict=True
            )
        )
        + "</div>"
    )
    if not ascent.steps[-1]:
        st.markdown("The network is sure about the noise itself. Choose another class.")
    elif ascent.reached:
        st.markdown(
            f"**After {ascent.steps[-1]} steps the network is more than 99 % sure.** No number "
            f"differs from the noise by more than {ascent.largest} of 256 grey levels."
        )
    else:
        st.markdown(
            f"**Not reached:** {finely(float(ascent.shares[-1]))} after {ascent.steps[-1]} steps. "
            "Try another class or seed."
        )
    layout.prose(
        "Each step changes every number by 2 grey levels towards the class. A high probability "
        "does not say that the picture looks like the class, or like anything the network was "
        "trained on: the softmax shares out 100 % in any case "
        "([Nguyen et al. 2015](https://arxiv.org/abs/1412.1897))."
    )


def _step(step: int) -> str:
    return f"Step {step}" if step else "Noise"


# A patch ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Tried:
    """A patch on the learner's picture."""

    laid: NDArray[np.uint8]
    answer: int
    probability: float
    share: float
    shares: NDArray[np.float32]
    wins: NDArray[np.bool_]


def patch(setting: Setting) -> None:
    """Train a patch, lay it on the picture, and count where it wins."""
    name = setting.chosen.name
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        target = class_picker("patch_class", name, "Class that the patch stands for")
        size = controls.choice(
            "Side of the patch",
            list(_PATCH_SIDES),
            key=f"{PAGE}_patch_side",
            default="40 %" if setting.digits else "25 %",
        )
    trained = _trained_patch(setting, target, _PATCH_SIDES[size])
    if trained is None:
        st.caption("It is trained on sample pictures, yours not among them.")
        return
    across, down = (
        column.slider(label, 0, 100, 100, 5, key=f"{PAGE}_{key}", bind="query-params")
        for column, label, key in zip(
            st.columns(2), ("Place across, %", "Place down, %"), ("across", "down"), strict=True
        )
    )
    _show_patch(setting, trained, _tried(setting, trained, across, down))
    layout.prose(
        "The patch was trained on sample pictures, laid at places drawn by lot, so that it wins "
        "anywhere ([Brown et al. 2017](https://arxiv.org/abs/1712.09665)). It hides what lies "
        "below it and anybody can see it: ε does not count here. It could be printed. On its way "
        "through a camera it changes, which ours was not trained for."
    )


def _trained_patch(setting: Setting, target: int, share: float) -> Patch | None:
    from cnnlab import adversarial_patch

    name, digest = setting.chosen.name, setting.picture.digest
    steps = 200 if setting.digits else adversarial_patch.STEPS

    def run() -> Patch:
        from cnnlab import fooling, loading

        pictures = sample_levels(name, digest)
        side = max(2, round(share * pictures.shape[3]))
        with loading.using(name, trained=setting.chosen.trained) as model:
            scores = fooling.in_levels(model, name)
            return adversarial_patch.train_patch(
                scores, pictures, target=target, side=side, steps=steps
            )

    return worked_out(
        setting,
        "patch",
        (target, share),
        run,
        passes=3.5 * adversarial_patch.AT_A_TIME * steps,
        label="Training the patch",
        says=f"Train a patch for “{setting.labels[target]}”",
        ask=True,
    )


def _tried(setting: Setting, trained: Patch, across: int, down: int) -> _Tried | None:
    name = setting.chosen.name

    def run() -> _Tried:
        import torch

        from cnnlab import adversarial_patch, fooling, loading

        levels = fooling.seen_levels(setting.picture.image, name)
        pixels = torch.from_numpy(trained.pixels).permute(2, 0, 1).float()
        side = pixels.shape[-1]
        laid = adversarial_patch.place(
            levels,
            pixels,
            top=round((levels.shape[2] - side) * down / 100),
            left=round((levels.shape[3] - side) * across / 100),
        )
        with loading.using(name, trained=setting.chosen.trained) as model:
            scores = fooling.in_levels(model, name)
            found = fooling.probabilities(scores, laid)[0]
            shares, wins = adversarial_patch.tried(
                scores, levels, trained.pixels, target=trained.target, grid=_GRID
            )
        picture = laid[0].permute(1, 2, 0).to(torch.uint8).numpy()
        share = float(found[trained.target])
        return _Tried(picture, int(found.argmax()), float(found.max()), share, shares, wins)

    return worked_out(
        setting,
        "places",
        (trained.target, trained.pixels.tobytes(), across, down),
        run,
        passes=_GRID**2 + 1,
        label="Trying places",
        says="Lay the patch on the picture",
    )


def _show_patch(setting: Setting, trained: Patch, tried: _Tried | None) -> None:
    labels, few = setting.labels, 'class="few" ' if setting.digits else ""
    target, side = escape(labels[trained.target]), trained.pixels.shape[0]
    alone = f"alone{' few' if setting.digits else ''}"
    parts = [
        f'<figure><img class="{alone}" src="{_link(trained.pixels)}" alt="The patch.">'
        f"<figcaption><strong>The patch</strong>, {side} × {side} pixels, for “{target}”. "
        f"Trained on {trained.n_pictures} sample pictures; at the end the class had "
        f"{finely(float(trained.shares[-5:].mean()))} there on average.</figcaption></figure>"
    ]
    if tried is not None:
        answer = escape(labels[tried.answer])
        parts.append(
            f'<figure><img {few}src="{_link(tried.laid)}" alt="The picture with the patch on it.">'
            f"<figcaption>On your picture: <strong>{answer}</strong> {finely(tried.probability)}"
            + (f"; {target} {finely(tried.share)}" if tried.answer != trained.target else "")
            + ".</figcaption></figure>"
        )
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td class="{"won" if won else ""}">{"✓ " if won else ""}{100 * share:.0f}</td>'
                for won, share in zip(wins, shares, strict=True)
            )
            + "</tr>"
            for wins, shares in zip(tried.wins.tolist(), tried.shares.tolist(), strict=True)
        )
        parts.append(
            f'<figure><table class="wins"><tbody>{rows}</tbody></table><figcaption>Probability of '
            f"“{target}” in %, for {_GRID} × {_GRID} places of the patch. <strong>✓ it wins at "
            f"{int(tried.wins.sum())} of {tried.wins.size}</strong>.</figcaption></figure>"
        )
    st.html(f'{_STYLE}<div class="patched">{"".join(parts)}</div>')


# Defences ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Behind:
    """What the network says behind a defence: class and probability for each picture."""

    clean: tuple[int, float]
    fooled: tuple[int, float]
    through: tuple[int, float] | None


def defences(setting: Setting, fooled: Fooled | None) -> None:
    """Show what simple defences do to the fooled picture, and what they cost."""
    from cnnlab.defences import DEFENCES

    if fooled is None:
        st.info("Fool the picture above first.")
        return
    strengths = {}
    for column, (kind, about) in zip(st.columns(len(DEFENCES)), DEFENCES.items(), strict=True):
        strengths[kind] = column.slider(
            f"{about.title}: {about.strength}",
            about.low,
            about.high,
            about.usual,
            about.step,
            "%.1f" if about.step < 1 else "%d",
            key=f"{PAGE}_{kind}",
            bind="query-params",
        )
    attacker = controls.choice("The attacker", list(_ATTACKERS), key=f"{PAGE}_attacker")
    knows = attacker == _ATTACKERS[1]
    if knows:
        layout.prose(
            f"Each attack is now made anew by PGD with ε = {setting.epsilon}, **through** the "
            "defence: forward the picture goes through it, backward the gradient passes as if it "
            "were not there (Athalye et al. 2018)."
        )
    found = _behind(setting, fooled, strengths, knows=knows)
    place = st.empty()
    if found is not None:
        with place.container():
            _table(setting, fooled, strengths, found, None)
    kept = _kept(setting, strengths)
    if found is not None and kept is not None:
        with place.container():
            _table(setting, fooled, strengths, found, kept)
    elif kept is not None:
        counts, total = kept
        panels.table(
            ["Defence", "Samples kept"],
            [
                [DEFENCES[kind].named.format(f"{strength:g}"), f"{counts[kind]} of {total}"]
                for kind, strength in strengths.items()
            ],
            align="lr",
        )
    layout.prose(
        "**What to see.** A defence that brings the answer back against an attacker who does not "
        "know it often fails against one who does "
        "([Athalye et al. 2018](https://arxiv.org/abs/1802.00420)). Over many clean "
        "pictures it also changes answers that were right. What helps most so far is "
        "**adversarial training**: to train on fooled pictures, made anew at each step "
        "([Madry et al. 2018](https://arxiv.org/abs/1706.06083)). It takes several times as long, "
        "and the network loses some accuracy on clean pictures."
    )


def _behind(
    setting: Setting, fooled: Fooled, strengths: dict[str, float], *, knows: bool
) -> dict[str, _Behind] | None:
    from cnnlab.fooling import STEPS

    name = setting.chosen.name

    def run(kind: str) -> _Behind:
        import torch

        from cnnlab import fooling, loading
        from cnnlab.defences import defend, through

        clean, bad = (
            torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
            for pixels in (fooled.original, fooled.result)
        )
        with loading.using(name, trained=setting.chosen.trained) as model:
            change = partial(defend, kind=kind, strength=strengths[kind])
            behind = through(fooling.in_levels(model, name), change)
            both = fooling.probabilities(behind, torch.cat([clean, bad]))
            new = None
            if knows:
                result = fooling.pgd(
                    behind,
                    clean,
                    epsilon=torch.tensor([fooled.epsilon]),
                    target=fooled.target,
                    towards=fooled.towards,
                )
                new = _best(fooling.probabilities(behind, result)[0])
        return _Behind(_best(both[0]), _best(both[1]), new)

    depends = (setting.method, setting.goal, setting.target, setting.epsilon, knows)
    says = "Attack through each defence" if knows else "Try each defence"
    passes = len(strengths) * (2 + (3 * STEPS + 1 if knows else 0))
    with patience(
        setting, "defences", (*depends, *strengths.items()), passes=passes, says=says
    ) as going:
        if not going:
            return None
        return {
            kind: queued(
                setting,
                "behind",
                (*depends, kind, strength),
                partial(run, kind),
                label=f"{'Attacking through' if knows else 'Trying'} {kind}",
            )
            for kind, strength in strengths.items()
        }


def _best(shares: Any) -> tuple[int, float]:
    return int(shares.argmax()), float(shares.max())


def _kept(setting: Setting, strengths: dict[str, float]) -> tuple[dict[str, int], int] | None:
    """Return for how many clean samples the answer stays, and how many there are."""
    name = setting.chosen.name

    def run(kind: str = "", strength: float = 0) -> NDArray[np.int64]:
        from cnnlab import fooling, loading
        from cnnlab.defences import answers, defend

        with loading.using(name, trained=setting.chosen.trained) as model:
            change = partial(defend, kind=kind, strength=strength) if kind else None
            return answers(fooling.in_levels(model, name), sample_levels(name, ""), change)

    with patience(
        setting,
        "kept",
        tuple(strengths.items()),
        passes=40 * 5 if setting.digits else 17 * 5,
        says="Count what it costs on clean samples",
    ) as going:
        if not going:
            return None
        asking = "Asking the samples"
        plain = queued(setting, "samples", (), run, label=asking, own=False)
        kept = {}
        for item in strengths.items():
            found = queued(setting, "samples", item, partial(run, *item), label=asking, own=False)
            kept[item[0]] = int((found == plain).sum())
        return kept, len(plain)


def _table(
    setting: Setting,
    fooled: Fooled,
    strengths: dict[str, float],
    found: dict[str, _Behind],
    kept: tuple[dict[str, int], int] | None,
) -> None:
    from cnnlab.defences import DEFENCES

    labels = setting.labels
    first = fooled.answers[0]

    def said(answer: tuple[int, float]) -> str:
        share = finely(answer[1]).replace(" ", "\u00a0")
        return f"{labels[answer[0]]}: {share}"

    bare = [
        "none",
        said((first, float(fooled.before[first]))),
        said((fooled.answers[1], float(fooled.after.max()))),
        "no" if fooled.worked else "not fooled",
        "" if kept is None else f"{kept[1]} of {kept[1]}",
    ]
    rows = [bare]
    for kind, strength in strengths.items():
        behind = found[kind]
        last = behind.through or behind.fooled
        about = DEFENCES[kind]
        rows.append(
            [
                about.named.format(f"{strength:g}"),
                said(behind.clean),
                said(last),
                "yes" if last[0] == first else "no",
                "" if kept is None else f"{kept[0][kind]} of {kept[1]}",
            ]
        )
    attacked = any(behind.through for behind in found.values())
    which = "Attacked through it" if attacked else "Fooled picture"
    head = ["Defence", "Clean picture", which, "Answer back?", "Samples kept"]
    shown = len(head) if kept is not None else len(head) - 1
    panels.table(head[:shown], [row[:shown] for row in rows], align="lllrr"[:shown], wide_only=[1])
    st.markdown(_cost(fooled, [found[kind].clean for kind in strengths], kept))


def _cost(
    fooled: Fooled, clean: list[tuple[int, float]], kept: tuple[dict[str, int], int] | None
) -> str:
    """Say what the defences do to the clean picture, and what they cost over many."""
    first, n = fooled.answers[0], len(clean)
    stays = [share for answer, share in clean if answer == first]
    surer = sum(share > float(fooled.before[first]) for share in stays)
    if len(stays) == n:
        one = f"**This clean picture** keeps its answer behind all {n} defences"
        more = "its probability even rises" if surer else ""
    else:
        one = f"**This clean picture** keeps its answer behind {len(stays)} of {n} defences"
        more = "there its probability rises" if surer else ""
    if more:
        one += f"; {more} behind {surer} of them" if surer < len(stays) else f"; {more}"
    if kept is None:
        return f"{one}. One picture does not show what a defence costs: count it over many."
    counts, total = kept
    low, high = total - max(counts.values()), total - min(counts.values())
    many = f"{low} to {high}" if low < high else f"{low}"
    return (
        f"{one}. One picture does not show what a defence costs. **Over {total} clean samples**, "
        f"{many} of {total} answers change (Samples kept: those whose answer stays)."
    )


def _link(pixels: NDArray[np.uint8]) -> str:
    from cnnlab.figures.fooling import exact_link

    return exact_link(picture_of(pixels))


def _minus(text: str) -> str:
    """Return a text with true minus signs."""
    return text.replace("-", "−")
