"""The steps of a layer as an animated GIF or a still picture, for slides and handouts."""

from cnnlab.animation.film import MOST_FRAMES, animated_gif, still_png

__all__ = ["MOST_FRAMES", "animated_gif", "still_png"]
