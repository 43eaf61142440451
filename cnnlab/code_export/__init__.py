"""A layer and its numbers as a short script in NumPy, PyTorch or Keras, complete and ready to run.

Each script holds only what its layer needs, so that plain settings give a script of a few lines.
It prints the feature maps, shape (K, oH, oW), as a nested list.
"""

from cnnlab.code_export.in_keras import keras_code
from cnnlab.code_export.in_numpy import numpy_code
from cnnlab.code_export.in_pytorch import pytorch_code

__all__ = ["keras_code", "numpy_code", "pytorch_code"]
