"""Pictures: uploads become plain RGB pictures; `cnnlab.pixels` goes on from there.

An upload is the one thing in the lab that a stranger writes. Everything that can go wrong with it
goes wrong here, as an `InputError` with one sentence, and nothing but pixels leaves this module.
"""

from __future__ import annotations

import io
import os
import re
import threading
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags, Image, features

from cnnlab.checks import InputError, as_int, in_range
from cnnlab.pixels import centre_square, patch, pixels_only, shrink, to_array, to_png

__all__ = [
    "centre_square",
    "load_image",
    "patch",
    "shrink",
    "to_array",
    "to_png",
]

# MPO, the two-eyed JPEG of some cameras, is opened as JPEG. Pillow's other decoders are never
# reached: EPS, for one, would start Ghostscript on a stranger's file.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF") + (
    ("AVIF",) if features.check("avif") else ()
)
_WAY_OUT = "please choose a JPEG, PNG, WebP, GIF, BMP or TIFF picture."

# What the first bytes of a file give away, for the message only: Pillow decides what is decoded.
_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0")
_OTHER_STARTS = {
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript document",
    b"\xc5\xd0\xd3\xc6": "a PostScript document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"PK\x05\x06": "a ZIP archive or an office document",
    b"Rar!": "an archive",
    b"7z\xbc\xaf\x27\x1c": "an archive",
    b"\x1f\x8b": "an archive",
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"8BPS": "a Photoshop document",
    b"\0\0\x01\0": "an icon",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\x1aE\xdf\xa3": "a video",
    b"{\\rtf": "a text document",
}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})

# A progressive JPEG may pass over the whole picture as often as it likes, a few bytes a time. Real
# ones need about ten scans; a hundred over the largest picture take some seconds.
_MAX_SCANS = 100
_SCAN = re.compile(rb"\xff\xda\0[\x08\x0a\x0c\x0e][\x01-\x04]")  # marker, length, components

# How to turn or mirror a picture for each EXIF orientation; 1 is upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# One picture is decoded at a time: it bounds the memory, and `warnings.catch_warnings`, which
# swaps a list that belongs to the whole process, must not be entered by two uploads at once.
_one_at_a_time = threading.Lock()


def load_image(
    source: bytes | str | os.PathLike[str] | BinaryIO,
    *,
    max_side: int = 1024,
    max_bytes: int = 10 * 1024 * 1024,
    max_pixels: int = 50_000_000,
) -> Image.Image:
    """Return the picture in `source` as a plain RGB picture, upright and of moderate size.

    The format is told by the content, never by the name. Of an animation the first frame counts.
    Transparent parts turn white. Metadata stays behind: a photograph often knows where it was
    taken. Colour profiles are ignored.

    Depths above 8 bits are scaled, not cut off. Of 16-bit grey the upper byte is kept, so that
    65535 becomes 255. 32-bit grey does not say which value is white: the smallest of 1 (floating
    point only), 255 and 65535 that no value exceeds is taken for white; if none fits or a value
    is negative, the darkest value becomes 0 and the brightest 255. Infinite values and those that
    are no number count as 0.

    Parameters
    ----------
    source : bytes, str, Path or binary file object
        The content of a file, its path, or the open file, which is read from its start.
    max_side : int
        Longest side of the result, in pixels. Larger pictures are reduced, smaller ones stay.
    max_bytes : int
        Largest file that is accepted, in bytes.
    max_pixels : int
        Largest picture that is decoded, in pixels. Decoding takes 1 to 16 bytes per pixel.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, with empty `info`.

    Raises
    ------
    InputError
        If the content is not a picture that can be shown; the message is one sentence.
    TypeError
        If `source` is of another kind, such as a file opened as text.

    Examples
    --------
    >>> load_image(to_png(Image.new("RGB", (300, 200))), max_side=30).size
    (30, 20)
    >>> load_image(b"")
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: The file is empty: please choose another one.
    """
    max_side = in_range(max_side, name="max_side", low=1)
    data = _read(source, max_bytes=in_range(max_bytes, name="max_bytes", low=1))
    if not data:
        raise InputError("The file is empty: please choose another one.")
    if len(data) > max_bytes:
        raise InputError(
            f"The file is larger than {max_bytes / 2**20:.3g} MB: please save a smaller copy of it."
        )
    with _one_at_a_time, warnings.catch_warnings():
        # Only what Pillow says about odd but readable files; other warnings stay visible.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            return _decode(data, max_side=max_side, max_pixels=max_pixels)
        except InputError:
            raise
        # Any exception: on damaged files Pillow raises OSError, SyntaxError, ValueError,
        # struct.error, zlib.error, EOFError, KeyError, IndexError, OverflowError, RecursionError
        # and more, and the list changes with each release. Only the decoding of this one file
        # runs in here, so whatever it raises, the file is the reason.
        except Exception as error:
            raise InputError(_why_not(data, error)) from error


def _read(source: Any, *, max_bytes: int) -> bytes:
    """Return the content of `source`, at most one byte more than allowed."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source[: max_bytes + 1])
    if isinstance(source, str | os.PathLike):
        return _read_path(source, max_bytes=max_bytes)
    if not hasattr(source, "read"):
        raise TypeError(f"source must be bytes, a path or a binary file, got {type(source)}")
    if getattr(source, "closed", False):
        raise InputError("The file has already been closed: please choose it again.")
    try:
        if hasattr(source, "seek") and source.seekable():
            source.seek(0)
        data = source.read(max_bytes + 1)
    except OSError as error:
        raise InputError("The file cannot be read: please choose it again.") from error
    if not isinstance(data, bytes):
        raise TypeError(f"source must be opened in binary mode, its content is {type(data)}")
    return data


def _read_path(path: str | os.PathLike[str], *, max_bytes: int) -> bytes:
    """Return the content of the file at `path`, at most one byte more than allowed."""
    try:
        if Path(path).is_dir():
            raise InputError("This is a folder: please choose a picture inside it.")
        if not Path(path).is_file():  # nor a pipe or a device, which might never end
            raise InputError("There is no such file: please check its name and folder.")
        with open(path, "rb") as file:
            return file.read(max_bytes + 1)
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a zero character in the path
        raise InputError("The file cannot be read: please check its name and rights.") from error


def _decode(data: bytes, *, max_side: int, max_pixels: int) -> Image.Image:
    """Return the picture, reduced, on white, upright and without metadata."""
    if data.startswith(b"\xff\xd8") and len(_SCAN.findall(data)) > _MAX_SCANS:
        raise InputError(
            "This JPEG is built to take very long: please save it again without progressive mode."
        )
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:  # reads the header only
        _check_size(image, max_pixels=max_pixels)
        width, height = _fit(image.size, max_side=max_side)
        image.draft(image.mode, (2 * width, 2 * height))  # JPEG: decode at 1/2, 1/4 or 1/8
        image.load()
        _check_size(image, max_pixels=max_pixels)  # some formats correct themselves
        turn = _UPRIGHT.get(_orientation(image))
        small = _simple_mode(image)
        # reducing_gap: blocks are averaged first, the fine filter sees twice the final size
        small.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        small = _on_white(small)
    return pixels_only(small if turn is None else small.transpose(turn))


def _check_size(image: Image.Image, *, max_pixels: int) -> None:
    """Refuse pictures without pixels or with too many; called before anything is decoded."""
    width, height = image.size
    if min(width, height) < 1:
        raise InputError(f"The picture has no pixels ({width} × {height}): {_WAY_OUT}")
    if width * height > max_pixels:
        raise InputError(
            f"The picture has {width} × {height} pixels, more than "
            f"{max_pixels / 1e6:.3g} million: please save a smaller copy of it."
        )
    # A tile is decoded as a whole, even where only one pixel of it belongs to the picture.
    tile = getattr(image, "tag_v2", {})
    if int(tile.get(322, 1)) * int(tile.get(323, 1)) > max_pixels:
        raise InputError("This TIFF is cut into huge tiles: please save it as PNG or JPEG.")


def _fit(size: tuple[int, int], *, max_side: int) -> tuple[int, int]:
    """Return (width, height) after reducing the longest side to at most `max_side`."""
    scale = min(1.0, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) if there is none that can be read."""
    try:
        return as_int(image.getexif().get(ExifTags.Base.Orientation, 1), name="orientation")
    except Exception:  # as in load_image; but the pixels are fine, so show them as they lie
        return 1


def _simple_mode(image: Image.Image) -> Image.Image:
    """Return the picture in mode L, RGB or RGBA."""
    if image.mode.startswith("I;16"):
        return _upper_byte(image)
    if image.mode in ("I", "F"):
        return _scaled(image)
    key = image.info.get("transparency")
    if isinstance(key, tuple) and max(key) > 255:  # PNG with 3 × 16 bits: Pillow cuts the pixels
        image.info["transparency"] = tuple(part >> 8 for part in key)  # to 8, but not the key
    if image.has_transparency_data:
        return image.convert("RGBA")
    mode = "L" if image.mode in ("1", "L") else "RGB"
    return image if image.mode == mode else image.convert(mode)  # convert would copy


def _upper_byte(image: Image.Image) -> Image.Image:
    """Return 16-bit grey as 8-bit grey: 0, 256, ..., 65535 become 0, 1, ..., 255."""
    import numpy as np

    values = np.asarray(image)  # (H, W)
    grey = (values >> 8).astype(np.uint8)
    if "transparency" in image.info:  # the one grey that stands for "nothing here"
        grey[values == image.info["transparency"]] = 255
    return Image.fromarray(grey)


def _scaled(image: Image.Image) -> Image.Image:
    """Return 32-bit grey as 8-bit grey by the rule in `load_image`."""
    import numpy as np

    values = np.array(image, dtype=np.float32)  # (H, W)
    values[~np.isfinite(values)] = 0
    low, high = float(values.min()), float(values.max())
    whites = (1, 255, 65535) if image.mode == "F" else (255, 65535)
    fitting = [white for white in whites if low >= 0 and high <= white]
    black, white = (0, fitting[0]) if fitting else (low, high)
    scale = 255 / max(white - black, 1e-30)  # a constant picture has no range
    values *= scale  # in place: the picture may be large
    values -= scale * black
    return Image.fromarray(np.rint(np.clip(values, 0, 255)).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    """Return the picture in RGB, over white where it is transparent."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")


def _why_not(data: bytes, error: Exception) -> str:
    """Return one sentence that says why `data` cannot be decoded."""
    other = _other_kind(data)
    if other == "an HEIC picture":
        return "This is an HEIC picture, which cannot be read here: please save it as JPEG."
    if other is not None:
        return f"This is {other}, not a picture that can be read here: {_WAY_OUT}"
    if isinstance(error, Image.DecompressionBombError):
        return "The picture has far too many pixels: please save a smaller copy of it."
    if isinstance(error, MemoryError):
        return "The picture needs too much memory: please save a smaller copy of it."
    if not data.startswith(_PICTURE_STARTS) and data[8:12] not in (b"WEBP", b"avif", b"avis"):
        return f"The file is not a picture that can be read here: {_WAY_OUT}"
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return "The picture breaks off before its end: please fetch or save it again."
    return "The picture is damaged or incomplete: please fetch or save it again."


def _other_kind(data: bytes) -> str | None:
    """Return what a file that is no accepted picture is instead, None if it does not tell."""
    if data[4:8] == b"ftyp":  # the family of MP4, HEIC and AVIF
        length = min(int.from_bytes(data[:4], "big"), 256)
        brands = {data[start : start + 4] for start in range(8, length, 4)}
        if brands & _HEIC_BRANDS:
            return "an HEIC picture"
        return None if brands & {b"avif", b"avis", b"mif1"} else "a video"
    text = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "an SVG drawing"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return next((kind for start, kind in _OTHER_STARTS.items() if data.startswith(start)), None)
