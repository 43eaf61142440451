"""What several kinds of tests need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy computer is no mistake: speed is measured by `make bench`.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# PyTorch's threads wait for each other, so on a busy computer two are far slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

NAME = "squeezenet1_0"


@pytest.fixture(scope="session")
def torch_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a torch hub cache with weights for one network: real ones if there are, else random."""
    return home_with_weights(tmp_path_factory.mktemp("torch-home"))


def home_with_weights(folder: Path) -> Path:
    """Return torch's own cache if it holds the weights of one network, else make one in `folder`.

    Pages and speed are the same with random weights; only the answers are nonsense.
    """
    import torch
    from torchvision import models

    from cnnlab import weights

    if weights.is_cached(NAME):
        return Path(torch.hub.get_dir()).parent
    file = folder / "hub" / "checkpoints" / weights.cached_path(NAME).name
    file.parent.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(models.get_model(NAME).state_dict(), file)
    return folder
