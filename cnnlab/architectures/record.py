"""What is known about a network: its paper, its idea, its published figures, its layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from cnnlab.cost import Row, summarize, totals
from cnnlab.layers import Block, Shape

__all__ = ["Drawing", "Network", "Published"]


@dataclass(frozen=True)
class Published:
    """A figure that somebody printed.

    Parameters
    ----------
    quantity, value : str
        What was counted or measured, and the number with its unit as printed.
    source : str
        Where it stands.
    ours : {"parameters", "MACs", ""}
        Which of our totals answers to it; empty for what we cannot compute, such as an error.
    remark : str
        Why ours differs, or what to mind.
    """

    quantity: str
    value: str
    source: str
    ours: Literal["parameters", "MACs", ""] = ""
    remark: str = ""


@dataclass(frozen=True)
class Drawing:
    """A few layers that show an idea, to be drawn as boxes.

    Parameters
    ----------
    title : str
        What they are.
    stage : Block
        The layers.
    input_shape : (C, H, W)
        What goes in.
    """

    title: str
    stage: Block
    input_shape: Shape

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The table of the layers."""
        return tuple(summarize(self.stage.layers, self.input_shape))

    @cached_property
    def total(self) -> Row:
        """The sums over the layers."""
        return totals(self.rows)


@dataclass(frozen=True)
class Network:
    """One network.

    Parameters
    ----------
    key : str
        Its name in links, in torchvision's way of writing.
    title, authors, paper, address : str
        Names; `paper` with its venue and arXiv number, `address` is a link to it.
    year : int
        When it was first published.
    idea : str
        The idea, in one sentence.
    stages : tuple of Block
        The layers.
    input_shape : (C, H, W)
        One picture.
    published : tuple of Published
        Figures of others.
    drawings : tuple of Drawing
        What shows the idea; two of them are to be compared.
    notes : tuple of str
        How this description differs from the paper's or from torchvision's network.
    survival : tuple of float
        With what probability each residual block stays in training; empty where all stay.
    """

    key: str
    title: str
    year: int
    authors: str
    paper: str
    address: str
    idea: str
    stages: tuple[Block, ...]
    input_shape: Shape = (3, 224, 224)
    published: tuple[Published, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    notes: tuple[str, ...] = field(default=())
    survival: tuple[float, ...] = ()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The table of all layers."""
        return tuple(summarize(self.stages, self.input_shape))

    @cached_property
    def total(self) -> Row:
        """The sums over all layers."""
        return totals(self.rows)
