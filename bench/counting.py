"""How long our tables of torchvision's networks take beside torchinfo's, and who counts right."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from bench.networks import interleaved
from bench.result import Result

__all__ = ["right_counts", "tables"]

NAMES = ("vgg16", "resnet152")


def tables(*, rounds: int) -> list[Result]:
    """Return our tables against torchinfo's: on the "meta" device too, and as in its manual.

    Both begin with the name of a network. In torchinfo's manual it is built with random weights.
    """
    results = []
    for name in NAMES:
        for device, how in (("meta", "without weights"), ("cpu", "as in its manual")):
            times = interleaved(_ours(name), _theirs(name, device), rounds=rounds)
            results.append(Result(f"table of layers, {name}", f"torchinfo, {how}", *times))
    return results


def right_counts() -> dict[str, tuple[int, int, int]]:
    """Return how many networks each counts right: parameters, MACs, both; and of how many.

    Right means equal to what torchvision publishes: parameters exactly, MACs to the three digits
    after the point of its GMACs. It takes minutes.

    Returns
    -------
    dict of str to tuple of int
        "networks" (three times their number), "CNN Lab" and "torchinfo".
    """
    from torchvision.models import get_model_weights

    from cnnlab.model_cost import model_names, model_totals, summarize_model

    right: dict[str, list[tuple[bool, bool]]] = {"CNN Lab": [], "torchinfo": []}
    for name in model_names():
        meta = get_model_weights(name).DEFAULT.meta
        ours, theirs = model_totals(summarize_model(name)), _theirs(name, "meta")()
        counts = {
            "CNN Lab": (ours.n_params, ours.macs),
            "torchinfo": (theirs.total_params, theirs.total_mult_adds),
        }
        for who, (n_params, macs) in counts.items():
            found = n_params == meta["num_params"], round(macs / 1e9, 3) == meta["_ops"]
            right[who].append(found)
    sums = {
        who: (sum(p for p, _ in found), sum(m for _, m in found), sum(map(all, found)))
        for who, found in right.items()
    }
    return {"networks": (len(model_names()),) * 3, **sums}


def _ours(name: str) -> Callable[[], object]:
    from cnnlab import model_cost

    def table() -> object:
        model_cost._table.cache_clear()  # a kept table would cost nothing
        return model_cost.summarize_model(name)

    return table


def _theirs(name: str, device: str) -> Callable[[], object]:
    import torchinfo
    from torchvision.models import get_model

    from cnnlab.model_cost import OPTIONS, _EmptyOnMeta, input_shape

    def table() -> object:
        with _EmptyOnMeta() if device == "meta" else contextlib.nullcontext():
            model = get_model(name, weights=None, **OPTIONS.get(name, {}))
        model, size = model.to(device).eval(), (1, *input_shape(name))
        return torchinfo.summary(model, input_size=size, device=device, verbose=0)

    return table
