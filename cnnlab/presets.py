"""Whole setups worth starting from: the worked examples of the lectures, each with its source."""

from __future__ import annotations

from dataclasses import dataclass, field

from cnnlab.links import setup_from_link
from cnnlab.setups import Setup

__all__ = ["PRESETS", "Preset"]

_NOTES = "the worked example of many lecture notes"
_GONZALEZ = "kernel: Gonzalez and Woods, Digital Image Processing, chapter 3"


@dataclass(frozen=True)
class Preset:
    """One setup to start from.

    Parameters
    ----------
    title : str
        What a menu shows.
    section : str
        The part of the menu.
    says : str
        What to look at, in a sentence.
    source : str
        Where it comes from.
    link : dict
        The parameters of its link.
    """

    title: str
    section: str
    says: str
    source: str
    link: dict[str, str] = field(default_factory=dict)

    @property
    def setup(self) -> Setup:
        """The layer and its input."""
        return setup_from_link(self.link)


_FIRST, _FILTERS, _LAYERS = "First steps", "Filters", "Layers"

PRESETS: dict[str, Preset] = {
    "binary": Preset(
        "Binary picture, nine steps", _FIRST, "Zeros and ones: every product is 0 or 1.", _NOTES
    ),
    "forty": Preset(
        "80 · 0.4 + 4 · 10 · 0.2 = 40",
        _FIRST,
        "The middle output: 32 from the pixel itself, 8 from its four neighbours.",
        _NOTES,
        {"input": "grey", "kernel": "plus"},
    ),
    "padded": Preset(
        "Zero padding keeps the size",
        _FIRST,
        "A ring of zeros around the input: the output is as large as the input.",
        _NOTES,
        {"padding": "1"},
    ),
    "floor": Preset(
        "A stride that does not divide",
        _FIRST,
        "(7 − 3) / 3 + 1 = 2.33: libraries round down, and the last row and column are not read.",
        "CS231n lecture notes: 7, 3, stride 3 “doesn't fit”",
        {"input": "random.1", "size": "1x7x7", "kernel": "ones", "stride": "3"},
    ),
    "edge": Preset(
        "Find an edge",
        _FILTERS,
        "The kernel answers where dark turns to bright, and gives 0 elsewhere.",
        "kernel: Sobel and Feldman, 1968",
        {"input": "edge", "kernel": "sobel-x"},
    ),
    "blur": Preset(
        "Blur",
        _FILTERS,
        "Each output is the mean of nine pixels.",
        _GONZALEZ,
        {"input": "grey", "kernel": "box-blur", "padding": "1", "padding_mode": "replicate"},
    ),
    "sharpen": Preset(
        "Sharpen",
        _FILTERS,
        "Each pixel is pushed away from its neighbours.",
        _GONZALEZ,
        {"input": "grey", "kernel": "sharpen", "padding": "1", "padding_mode": "replicate"},
    ),
    "sobel": Preset(
        "Sobel on a photograph",
        _FILTERS,
        "Bright where the picture gets brighter to the right, dark where it gets darker.",
        "kernel: Sobel and Feldman, 1968",
        {"input": "photo.cat", "kernel": "sobel-x"},
    ),
    "curve": Preset(
        "Curve detector",
        _FILTERS,
        "The same curve in two places, once turned over: the answer is 9000 only at the right one.",
        "after Deshpande, A Beginner's Guide to Understanding CNNs, 2016",
        {"input": "curve", "kernel": "curve"},
    ),
    "turned": Preset(
        "One bright pixel",
        _FILTERS,
        "The output is the kernel turned by half a turn. Under Settings, More settings, switch on "
        "true convolution: now it is the kernel itself.",
        "the definition of convolution",
        {"input": "pixel", "kernel": "1_2_3_4_5_6_7_8_9"},
    ),
    "volume": Preset(
        "7 × 7 × 3, two filters, stride 2",
        _LAYERS,
        "Three channels and two filters: 27 products and a bias for each output.",
        "the demonstration of CS231n, with other numbers",
        {
            "input": "volume",
            "kernel": "volume",
            "bias": "1_0",
            "stride": "2",
            "padding": "1",
        },
    ),
    "depthwise": Preset(
        "Depthwise: one filter a channel",
        _LAYERS,
        "As many groups as channels: no sum over channels is left.",
        "Howard et al., MobileNets, 2017, arXiv:1704.04861",
        {"input": "volume", "kernel": "volume", "filters": "3", "groups": "3", "padding": "1"},
    ),
    "dilated": Preset(
        "Dilation 2",
        _LAYERS,
        "Nine weights see 5 × 5 pixels: between them the kernel has gaps.",
        "Yu and Koltun, 2016, arXiv:1511.07122",
        {"input": "random.1", "size": "1x7x7", "dilation": "2"},
    ),
    "pointwise": Preset(
        "1 × 1: channels only",
        _LAYERS,
        "No neighbours: each output mixes the channels of one pixel.",
        "Lin et al., Network in Network, 2014, arXiv:1312.4400",
        {"input": "volume", "kernel": "random.3", "kernel_size": "1", "filters": "2"},
    ),
    "transposed": Preset(
        "Transposed, stride 2",
        _LAYERS,
        "The input is spread out with zeros between and around its numbers; the kernel, turned by "
        "half a turn, slides over that.",
        "Dumoulin and Visin, 2016, arXiv:1603.07285, chapter 4",
        {"operation": "transposed", "input": "square", "kernel": "ones", "stride": "2"},
    ),
    "causal": Preset(
        "A sequence, causal",
        _LAYERS,
        "One dimension; padding on the left only, so that no output sees the future.",
        "van den Oord et al., WaveNet, 2016, arXiv:1609.03499",
        {"input": "sequence", "kernel": "causal-mean", "padding": "causal"},
    ),
}
