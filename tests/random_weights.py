"""Files of weights as torchvision's, with random numbers: many networks without a download."""

import re
from pathlib import Path

import torch
import torchvision

from cnnlab import weights

__all__ = ["write_weights"]


def write_weights(name: str) -> Path:
    """Write random weights as torchvision's file of `name` would hold them; return the file.

    It goes where torch looks for it, so a test sets ``TORCH_HOME`` first.
    """
    extras = {"googlenet": {"aux_logits": True}}.get(name, {})
    settings = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    torch.manual_seed(0)
    state = torchvision.models.get_model(name, weights=None, **extras, **settings).state_dict()
    for key in list(state):
        if state[key].is_floating_point():  # running statistics too
            state[key] = state[key] + 0.01 * torch.rand_like(state[key])
    if name.startswith("densenet"):  # these files are older than today's names and counters
        old = re.compile(r"(denselayer\d+\.(?:norm|conv))([12])")
        state = {old.sub(r"\1.\2", key): state[key] for key in state if "num_batches" not in key}
    path = weights.cached_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    return path
