"""Keras' table of its networks, as its documentation printed it: sizes, accuracies, times."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KERAS", "KERAS_CORRECTED", "KerasRow"]


@dataclass(frozen=True)
class KerasRow:
    """What Keras publishes about a network.

    Parameters
    ----------
    size_mb : int
        Size of the file of weights, in units of 2²⁰ bytes.
    top1, top5 : float
        Accuracy on ImageNet's validation pictures, in %.
    params_m : float
        Parameters in millions, with the means and variances of batch normalisation.
    depth : int or None
        Layers, those without weights too; None where Keras does not say, as for the times.
    cpu_ms, gpu_ms : float or None
        Time of one step for a picture, in milliseconds, in batches of 32.
    """

    size_mb: int
    top1: float
    top5: float
    params_m: float
    depth: int | None = None
    cpu_ms: float | None = None
    gpu_ms: float | None = None


# https://keras.io/api/applications/, as some lecture notes copied it; their copy ends here.
KERAS: dict[str, KerasRow] = {
    "Xception": KerasRow(88, 79.0, 94.5, 22.9),
    "VGG16": KerasRow(528, 71.3, 90.1, 138.4, 16, 69.5, 4.2),
    "VGG19": KerasRow(549, 71.3, 90.0, 143.7, 19, 84.8, 4.4),
    "ResNet50": KerasRow(98, 74.9, 92.1, 25.6, 107, 58.2, 4.6),
    "ResNet50V2": KerasRow(98, 76.0, 93.0, 25.6, 103, 45.6, 4.4),
    "ResNet101": KerasRow(171, 76.4, 92.8, 44.7, 209, 89.6, 5.2),
    "ResNet101V2": KerasRow(171, 77.2, 93.8, 44.7, 205, 72.7, 5.4),
    "ResNet152V2": KerasRow(232, 78.0, 94.2, 60.4, 307, 107.5, 6.6),
    "InceptionV3": KerasRow(92, 77.9, 93.7, 23.9, 189, 42.2, 6.9),
    "InceptionResNetV2": KerasRow(215, 80.3, 95.3, 55.9, 449, 130.2, 10.0),
    "MobileNet": KerasRow(16, 70.4, 89.5, 4.3, 55, 22.6, 3.4),
    "MobileNetV2": KerasRow(14, 71.3, 90.1, 3.5, 105, 25.9, 3.8),
    "DenseNet121": KerasRow(33, 75.0, 92.3, 8.1, 242, 77.1, 5.4),
    "DenseNet169": KerasRow(57, 76.2, 93.2, 14.3, 338, 96.4, 6.3),
    "DenseNet201": KerasRow(80, 77.3, 93.6, 20.2, 402, 127.2, 6.7),
    "NASNetMobile": KerasRow(23, 74.4, 91.9, 5.3, 389, 27.0, 6.7),
    "NASNetLarge": KerasRow(343, 82.5, 96.0, 88.9, 533, 344.5, 20.0),
    "EfficientNetB0": KerasRow(20, 77.1, 93.3, 5.3, 132, 46.0, 4.9),
    "EfficientNetB1": KerasRow(31, 79.1, 94.4, 7.9, 186, 60.2, 5.6),
    "EfficientNetB2": KerasRow(36, 80.1, 94.9, 9.2, 186, 80.8, 6.5),
    "EfficientNetB3": KerasRow(48, 81.6, 95.7, 12.3, 210, 140.0, 8.8),
    "EfficientNetB4": KerasRow(75, 82.9, 96.4, 19.5, 258, 308.3, 15.1),
    "EfficientNetB5": KerasRow(118, 83.6, 96.7, 30.6, 312, 579.2, 25.3),
    "EfficientNetB6": KerasRow(166, 84.0, 96.8, 43.3, 360, 958.1, 40.4),
    "EfficientNetB7": KerasRow(256, 84.3, 97.0, 66.7, 438, 1578.9, 61.6),
    "EfficientNetV2B0": KerasRow(29, 78.7, 94.3, 7.2),
    "EfficientNetV2B1": KerasRow(34, 79.8, 95.0, 8.2),
    "EfficientNetV2B2": KerasRow(42, 80.5, 95.1, 10.2),
    "EfficientNetV2B3": KerasRow(59, 82.0, 95.8, 14.5),
    "EfficientNetV2S": KerasRow(88, 83.9, 96.7, 21.6),
    "EfficientNetV2M": KerasRow(220, 85.3, 97.4, 54.4),
}
# What the table prints and what is right: the size does not fit the parameters.
KERAS_CORRECTED = {"EfficientNetB0": (29, 20)}
