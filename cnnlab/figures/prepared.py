"""What a network's recipe cuts away from a picture, shaded."""

from __future__ import annotations

from PIL import Image, ImageDraw

from cnnlab.figures.pictures import framed

__all__ = ["shaded"]


def shaded(picture: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """Return the picture with all but a part of it dark and hatched, and a frame around the part.

    Parameters
    ----------
    picture : PIL.Image.Image
        Any mode; it is not changed.
    box : (left, top, right, bottom)
        The part that stays, in pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, the same size.

    Examples
    --------
    >>> seen = shaded(Image.new("RGB", (90, 40), (200, 200, 200)), (25, 0, 65, 40))
    >>> seen.getpixel((45, 20)), max(seen.getpixel((10, 20))) < 160
    ((200, 200, 200), True)
    """
    shown = picture.convert("RGB")
    mask = Image.new("L", shown.size, 165)  # how dark: 255 would be black
    stripes = ImageDraw.Draw(mask)
    step, thick = max(6, max(shown.size) // 40), max(2, max(shown.size) // 160)
    for start in range(-shown.height, shown.width, step):
        stripes.line((start, shown.height, start + shown.height, 0), fill=110, width=thick)
    left, top, right, bottom = (round(edge) for edge in box)
    stripes.rectangle((left, top, right - 1, bottom - 1), fill=0)
    dark = Image.composite(Image.new("RGB", shown.size), shown, mask)
    return framed(dark, box)
