"""Measured results of others: the ImageNet challenge, torchvision's networks, an ablation."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ABLATION",
    "ABLATION_OTHER",
    "ABLATION_SOURCE",
    "CHALLENGE",
    "ENSEMBLES",
    "FUSION",
    "HUMAN",
    "IMAGENET",
    "MEASURED",
    "SECOND_2012",
    "SECOND_2014",
    "TRAINING_PICTURES",
    "Ablation",
    "Measured",
]

# Top-5 test error of the winner in %, with what it was. 2010 to 2014: Russakovsky et al., 2015,
# International Journal of Computer Vision 115, arXiv:1409.0575; 2015: arXiv:1512.03385; 2016: the
# challenge's results; 2017: arXiv:1709.01507.
CHALLENGE: dict[int, tuple[float, str, bool]] = {
    # year: (error, winner, whether it is a convolutional network)
    2010: (28.2, "NEC", False),
    2011: (25.8, "XRCE", False),
    2012: (15.3, "AlexNet", True),
    2013: (11.2, "Clarifai", True),
    2014: (6.67, "GoogLeNet", True),
    2015: (3.57, "ResNet", True),
    2016: (2.99, "Trimps-Soushen", True),
    2017: (2.25, "SENet", True),
}
SECOND_2012 = 26.2  # the second best entry, no convolutional network
SECOND_2014 = 7.3  # VGG, several networks together
IMAGENET = 14_197_122, 21_841  # all pictures and classes, as its site counts; classes: synsets
TRAINING_PICTURES = {"AlexNet": 1.2, "ZFNet": 1.3}  # millions, as the papers write
# Several networks together, top-5 test error in %: He et al., 2015, arXiv:1512.03385, table 5.
ENSEMBLES: dict[str, float] = {
    "VGG, in the challenge of 2014": 7.32,
    "GoogLeNet, in the challenge of 2014": 6.66,
    "VGG, later": 6.8,
    "Inception v2 (BN-Inception)": 4.82,
    "ResNet, in the challenge of 2015": 3.57,
}
# What the winner of 2016 put together, top-5 error in %: Shao et al., the challenge's results.
FUSION: dict[str, float] = {
    "Inception-v3": 4.20,
    "Inception-v4": 4.01,
    "Inception-ResNet-v2": 3.52,
    "ResNet-200": 4.26,
    "Fusion (Test)": 2.99,
}
HUMAN = 5.1  # one trained person, 1500 pictures: Russakovsky et al., 2015


@dataclass(frozen=True)
class Measured:
    """What torchvision publishes about its weights.

    Parameters
    ----------
    title : str
        The network.
    n_params : int
        Parameters.
    top1 : float
        Accuracy on ImageNet's validation pictures, in %.
    gmacs : float
        Operations for one picture in 10⁹ MACs; torchvision calls them GFLOPS.
    """

    title: str
    n_params: int
    top1: float
    gmacs: float


# torchvision's name: its first weights, IMAGENET1K_V1, as its metadata say.
MEASURED: dict[str, Measured] = {
    "alexnet": Measured("AlexNet", 61_100_840, 56.522, 0.714),
    "vgg16": Measured("VGG-16", 138_357_544, 71.592, 15.470),
    "googlenet": Measured("GoogLeNet", 6_624_904, 69.778, 1.498),
    "resnet18": Measured("ResNet-18", 11_689_512, 69.758, 1.814),
    "resnet50": Measured("ResNet-50", 25_557_032, 76.130, 4.089),
    "resnet152": Measured("ResNet-152", 60_192_808, 78.312, 11.514),
    "squeezenet1_0": Measured("SqueezeNet", 1_248_424, 58.092, 0.819),
    "densenet121": Measured("DenseNet-121", 7_978_856, 74.434, 2.834),
    "mobilenet_v2": Measured("MobileNetV2", 3_504_872, 71.878, 0.301),
    "shufflenet_v2_x1_0": Measured("ShuffleNetV2", 2_278_604, 69.362, 0.145),
    "resnext50_32x4d": Measured("ResNeXt-50", 25_028_904, 77.618, 4.230),
    "efficientnet_b0": Measured("EfficientNet-B0", 5_288_548, 77.692, 0.386),
    "efficientnet_b3": Measured("EfficientNet-B3", 12_233_232, 82.008, 1.827),
    "efficientnet_b7": Measured("EfficientNet-B7", 66_347_960, 84.122, 37.746),
    "convnext_tiny": Measured("ConvNeXt-T", 28_589_128, 82.520, 4.456),
}


@dataclass(frozen=True)
class Ablation:
    """One line of a table of networks with parts changed.

    Parameters
    ----------
    title : str
        What was changed.
    train_top1, val_top1, val_top5 : float
        Errors in %.
    """

    title: str
    train_top1: float
    val_top1: float
    val_top5: float


ABLATION_SOURCE = "Zeiler and Fergus, 2013, arXiv:1311.2901, table 3"
ABLATION = (
    Ablation("AlexNet, trained again", 35.1, 40.5, 18.1),
    Ablation("without layers 3, 4", 41.8, 45.4, 22.1),
    Ablation("without layer 7", 27.4, 40.0, 18.4),
    Ablation("without layers 6, 7", 27.4, 44.8, 22.4),
    Ablation("without 3, 4, 6, 7", 71.1, 71.3, 50.1),
    Ablation("layers 6, 7: 2048 units", 40.3, 41.7, 18.8),
    Ablation("layers 6, 7: 8192 units", 26.8, 40.0, 18.1),
    Ablation("ZFNet", 33.1, 38.4, 16.5),
    Ablation("ZFNet, layers 6, 7: 2048 units", 38.2, 40.2, 17.6),
    Ablation("ZFNet, layers 6, 7: 8192 units", 22.0, 38.8, 17.0),
    Ablation("ZFNet, 3 to 5: 512, 1024, 512 maps", 18.8, 37.5, 16.0),
    Ablation("ZFNet, both of the last two", 10.0, 38.3, 16.9),
)
# Drops of the accuracy in points that slides print beside this table: they are of another run,
# which was not published.
ABLATION_OTHER: dict[str, float] = {
    "without layer 7": 1.1,
    "without layers 6, 7": 5.7,
    "without layers 3, 4": 3.0,
    "without 3, 4, 6, 7": 33.5,
}
