"""Files of weights as torchvision's, with random numbers: many networks without a download."""

import re
from pathlib import Path

import torch
import torchvision

from cnnlab import weights
from cnnlab.loading import load
from cnnlab.pretrained import preprocess
from cnnlab.samples import SAMPLES, sample

__all__ = ["write_lively_weights", "write_weights"]


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


def write_lively_weights(name: str) -> Path:
    """Write random weights with which a network answers differently from picture to picture.

    Its last layer is shifted and scaled so that no class wins everywhere; return the file.
    """
    model = load(name, trained=False)
    last = [module for module in model.modules() if isinstance(module, torch.nn.Linear)][-1]
    state = {key: value.clone() for key, value in model.state_dict().items()}
    (weight,) = (
        key for key, value in model.state_dict(keep_vars=True).items() if value is last.weight
    )
    bias = weight.removesuffix("weight") + "bias"
    batch = torch.cat([preprocess(sample(key), name) for key in SAMPLES])
    with torch.inference_mode():
        scores = model(batch) - state[bias]
    times = 3 / scores.std(0).mean()
    state[weight] *= times
    state[bias] = -times * scores.mean(0)
    path = weights.cached_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    return path
