"""How long a network takes here, measured once for everybody."""

from __future__ import annotations

from PIL import Image

from cnnlab.ui import work

__all__ = ["seconds_a_pass"]


def seconds_a_pass(name: str, *, trained: bool = True) -> float:
    """Return how long a network takes for one picture, in the shared queue.

    What a page computes at once, and what it asks about first, hangs on this number. So it is the
    shortest of several, which hardly changes when the computer is busy with something else.

    Parameters
    ----------
    name : str
        The network.
    trained : bool
        False for the one with random numbers.

    Returns
    -------
    float
        In seconds.

    Raises
    ------
    InputError
        If the network cannot be loaded, or the line is full.
    """

    def run() -> float:
        import torch

        from cnnlab import loading, pretrained
        from cnnlab.pace import shortest

        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), name)
        with loading.using(name, trained=trained) as model, torch.inference_mode():
            batch = batch.to(next(model.parameters()).device)
            return shortest(lambda: model(batch))

    return work.in_queue(("seconds a pass", name, trained), run, label=f"Timing {name}")
