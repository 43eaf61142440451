"""What must hold for a network that everybody shares: its numbers stay, and nothing hangs on it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

from torch import nn

__all__ = ["fingerprint", "hooks_of", "untouched"]


def fingerprint(model: nn.Module) -> str:
    """Return the SHA-256 of all parameters and buffers: name, type, shape and bytes of each."""
    digest = hashlib.sha256()
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def hooks_of(model: nn.Module) -> list[str]:
    """Return where something hangs on the network: hooks, replaced methods, gradients; else [].

    Each module is asked for every dictionary of hooks that torch knows, each tensor too.
    """
    found = []
    for name, module in model.named_modules():
        for key, value in vars(module).items():
            if "_hooks" in key and isinstance(value, dict) and value:
                found.append(f"{name or 'the network'}: {key}")
            if callable(getattr(type(module), key, None)):
                found.append(f"{name or 'the network'}: another {key}()")
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        if tensor._backward_hooks or getattr(tensor, "_post_accumulate_grad_hooks", None):
            found.append(f"{name}: a hook on the tensor")
        if tensor.grad is not None:
            found.append(f"{name}: a gradient")
    return found


@contextmanager
def untouched(*models: nn.Module) -> Iterator[None]:
    """Fail if, after the block, a network has a hook, other numbers, or trains; errors pass on."""
    before = [fingerprint(model) for model in models]
    try:
        yield
    finally:
        for model, numbers in zip(models, before, strict=True):
            assert hooks_of(model) == []
            assert fingerprint(model) == numbers
            assert not any(module.training for module in model.modules())
            assert not any(parameter.requires_grad for parameter in model.parameters())
