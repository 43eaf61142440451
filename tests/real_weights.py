"""Skip a test by name where the real ImageNet weights of a network are not on this computer."""

import pytest

from cnnlab.weights import is_cached


def needs_weights(name: str) -> pytest.MarkDecorator:
    """Return a mark: the test runs only where torch's hub cache holds the weights of `name`."""
    return pytest.mark.skipif(
        not is_cached(name),
        reason=f"needs ImageNet weights: python -m cnnlab weights pull {name}",
    )
