"""What PyTorch makes of a drawing."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cnnlab import digits

__all__ = ["expected"]


def expected(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the scores of a drawing, 0 to 1, by PyTorch."""
    batch = torch.from_numpy(pixels.astype(np.float32))[None, None]
    return digits.load()(batch)[0].numpy()
