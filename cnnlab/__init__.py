"""CNN Lab: understand convolutional neural networks by trying them, step by step."""

__version__ = "0.1.0"
