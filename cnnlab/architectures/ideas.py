"""Ideas that later networks use, from papers whose networks are not described here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["IDEAS", "Idea"]


@dataclass(frozen=True)
class Idea:
    """An idea and its paper.

    Parameters
    ----------
    title, authors, paper, address : str
        Names; `paper` with its venue and arXiv number, `address` is a link to it.
    year : int
        When it was first published.
    idea : str
        The idea, in one sentence.
    """

    title: str
    year: int
    authors: str
    paper: str
    address: str
    idea: str


IDEAS = (
    Idea(
        "Spatial transformer networks",
        2015,
        "Jaderberg, Simonyan, Zisserman, Kavukcuoglu",
        "Spatial transformer networks, NIPS 2015, arXiv:1506.02025",
        "https://arxiv.org/abs/1506.02025",
        "A small network inside the network finds how to move, turn and stretch its feature maps, "
        "so that what follows sees the object upright and large.",
    ),
    Idea(
        "Inception-v4 and Inception-ResNet",
        2016,
        "Szegedy, Ioffe, Vanhoucke, Alemi",
        "Inception-v4, Inception-ResNet and the impact of residual connections on learning, "
        "AAAI 2017, arXiv:1602.07261",
        "https://arxiv.org/abs/1602.07261",
        "Inception modules with shortcuts around them learn much faster than those without.",
    ),
    Idea(
        "ResNet v2",
        2016,
        "He, Zhang, Ren, Sun",
        "Identity mappings in deep residual networks, ECCV 2016, arXiv:1603.05027",
        "https://arxiv.org/abs/1603.05027",
        "Normalisation and ReLU stand before each convolution and nothing stands after the sum, so "
        "that the input passes unchanged through all the blocks.",
    ),
    Idea(
        "Wide residual networks",
        2016,
        "Zagoruyko, Komodakis",
        "Wide residual networks, BMVC 2016, arXiv:1605.07146",
        "https://arxiv.org/abs/1605.07146",
        "Fewer residual blocks with many more maps are as good as very many thin ones, and faster.",
    ),
)
