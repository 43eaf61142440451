"""Uploads that are no picture, or not one that can be shown, generated rather than stored."""

import io
import struct
import zipfile
import zlib

from PIL import Image

__all__ = ["encoded", "ill_formed", "png_chunk", "png_of", "tiff_of"]


def encoded(image: Image.Image, format: str, **settings: object) -> bytes:
    """Return the picture as the content of a file."""
    file = io.BytesIO()
    image.save(file, format=format, **settings)
    return file.getvalue()


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """Return a picture with some structure, so that its files have a middle to damage."""
    noise = bytes((x * x + 7 * y * x + 13 * y) % 251 for y in range(height) for x in range(width))
    grey = Image.frombytes("L", (width, height), noise)
    return Image.merge("RGB", (grey, grey.rotate(180), grey.transpose(0)))


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG file with a correct checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(
    width: int, height: int, *, raw: bytes, depth: int = 8, colour: int = 2, extra: bytes = b""
) -> bytes:
    """Return a PNG file that declares a size and holds the given rows, fitting or not."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", zlib.compress(raw))
        + png_chunk(b"IEND", b"")
    )


def tiff_of(tags: dict[int, int], *, data: bytes) -> bytes:
    """Return a TIFF file; a tag of -1 is the position of `data`."""
    start = 8 + 2 + 12 * len(tags) + 4
    file = b"II*\0" + struct.pack("<IH", 8, len(tags))
    for tag, value in sorted(tags.items()):
        file += struct.pack("<HHII", tag, 4, 1, start if value == -1 else value)
    return file + bytes(4) + data


def _documents() -> dict[str, bytes]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("cat.jpg", encoded(picture(), "JPEG"))
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
    return {
        "empty": b"",
        "one_byte": b"\xff",
        "zeros": bytes(4096),
        "text": b"This is a shopping list: milk, bread, butter.\n" * 20,
        "html": b"<!DOCTYPE html><html><body><img src='cat.jpg'></body></html>",
        "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
        "zip": archive.getvalue(),
        "exe": b"MZ\x90\0" + bytes(300) + b"PE\0\0" + bytes(300),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(300),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "psd": b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 4, 4, 8, 3) + bytes(60),
        "heic": heic,
        "heic_mif1": heic.replace(b"ftypheic", b"ftypmif1"),
        "mp4": b"\0\0\0\x18ftypisom\0\0\x02\0isommp42" + bytes(200),
        "ppm": b"P6 2 2 255\n" + bytes(12),
        "icon": encoded(picture(16, 16), "ICO"),
    }


def _truncated() -> dict[str, bytes]:
    whole = {
        "png": encoded(picture(), "PNG"),
        "jpeg": encoded(picture(), "JPEG"),
        "gif": encoded(picture(), "GIF"),
        "webp": encoded(picture(), "WEBP", lossless=True),
        "bmp": encoded(picture(), "BMP"),
        "tiff": encoded(picture(), "TIFF"),
    }
    half = {f"half_{name}": data[: len(data) // 2] for name, data in whole.items()}
    return half | {f"head_{name}": data[:12] for name, data in whole.items()}


def _damaged() -> dict[str, bytes]:
    png, jpeg = encoded(picture(), "PNG"), encoded(picture(), "JPEG")
    middle = png.index(b"IDAT") + 40
    flat = bytes(48 * (1 + 64 * 3))
    return {
        "png_bad_data": png[:middle] + bytes(200) + png[middle + 200 :],
        "png_bad_checksum": png[:20] + b"\x01" + png[21:],
        "png_no_data": png_of(64, 48, raw=b""),
        "png_bad_depth": png_of(64, 48, raw=flat, depth=7),
        "png_signature_and_text": b"\x89PNG\r\n\x1a\n" + b"no chunk here " * 30,
        "jpeg_no_tables": jpeg[:2] + jpeg[jpeg.index(b"\xff\xc0") :],
        "jpeg_signature_and_text": b"\xff\xd8\xff\xe0 just text " * 30,
        "gif_signature_and_text": b"GIF89a" + b"no picture " * 30,
        "webp_signature_and_text": b"RIFF\x40\0\0\0WEBPVP8 " + b"no picture " * 30,
        "tiff_no_directory": b"II*\0" + struct.pack("<I", 10**9) + bytes(40),
        "tiff_samples": tiff_of({256: 9, 257: 9, 258: 8, 259: 1, 277: 99, 273: -1}, data=b"x"),
    }


def _bombs() -> dict[str, bytes]:
    jpeg = bytearray(encoded(picture(), "JPEG"))
    frame = jpeg.index(b"\xff\xc0") + 5
    jpeg[frame : frame + 4] = struct.pack(">HH", 65000, 65000)
    progressive = encoded(picture(), "JPEG", progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    text = zlib.compress(bytes(8 * 2**20))
    one = b"\0\xff\xff\xff"
    tags = {256: 16, 257: 16, 258: 8, 259: 8, 262: 1, 277: 1, 324: -1, 325: 17}
    bmp = bytearray(encoded(picture(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 50000, 50000)
    gif = bytearray(encoded(picture(), "GIF"))
    gif[6:10] = b"\xff\xff\xff\xff"
    return {
        "png_60000": png_of(60000, 60000, raw=one),
        "png_9000": png_of(9000, 9000, raw=one),  # below Pillow's own limit
        "png_11000": png_of(11000, 11000, raw=one),  # Pillow only warns
        "png_text_bomb": png_of(1, 1, raw=one, extra=png_chunk(b"zTXt", b"a\0\0" + text)),
        "png_itxt_bomb": png_of(1, 1, raw=one, extra=png_chunk(b"iTXt", b"a\0\1\0\0\0" + text)),
        "jpeg_65000": bytes(jpeg),
        "jpeg_many_scans": progressive[:-2] + scan * 200 + progressive[-2:],
        "bmp_50000": bytes(bmp),
        "gif_65535": bytes(gif),
        "tiff_60000": tiff_of(tags | {256: 60000, 257: 60000}, data=zlib.compress(bytes(99))),
        "tiff_huge_tile": tiff_of(tags | {322: 30000, 323: 20000}, data=zlib.compress(bytes(99))),
    }


def _no_pixels() -> dict[str, bytes]:
    gif = bytearray(encoded(picture(), "GIF"))
    gif[6:10] = bytes(4)
    place = gif.index(b",\0\0\0\0") + 5
    gif[place : place + 4] = bytes(4)
    bmp = bytearray(encoded(picture(), "BMP"))
    bmp[18:26] = bytes(8)
    return {
        "png_no_width": png_of(0, 48, raw=b""),
        "png_no_pixels": png_of(0, 0, raw=b""),
        "png_negative": png_of(2**32 - 1, 2**32 - 1, raw=b""),
        "gif_no_pixels": bytes(gif),
        "bmp_no_pixels": bytes(bmp),
    }


def ill_formed() -> dict[str, bytes]:
    """Return file contents that must be refused, each under a short name.

    Returns
    -------
    dict of str to bytes
        Documents of other kinds, truncated and damaged pictures, bombs, pictures without pixels.
    """
    return _documents() | _truncated() | _damaged() | _bombs() | _no_pixels()
