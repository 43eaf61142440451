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
        "Highway networks",
        2015,
        "Srivastava, Greff, Schmidhuber",
        "Highway networks, ICML 2015 workshop, arXiv:1505.00387",
        "https://arxiv.org/abs/1505.00387",
        "Each layer learns, with gates, how much of its input to let pass unchanged; so networks "
        "of 100 layers can be trained, some months before ResNet.",
    ),
    Idea(
        "Stochastic depth",
        2016,
        "Huang, Sun, Liu, Sedra, Weinberger",
        "Deep networks with stochastic depth, ECCV 2016, arXiv:1603.09382",
        "https://arxiv.org/abs/1603.09382",
        "In training, residual blocks are left out at random and only their shortcuts stay; "
        "afterwards all blocks work.",
    ),
    Idea(
        "NASNet",
        2017,
        "Zoph, Vasudevan, Shlens, Le",
        "Learning transferable architectures for scalable image recognition, CVPR 2018, "
        "arXiv:1707.07012",
        "https://arxiv.org/abs/1707.07012",
        "A search finds two small cells with small pictures (CIFAR-10); many of them in a row make "
        "a network for large ones (ImageNet).",
    ),
)
