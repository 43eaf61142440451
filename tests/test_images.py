"""Pictures: what loads, what is refused and how, and what the numbers are afterwards."""

import gc
import io
import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile, PngImagePlugin, TiffImagePlugin, features

from cnnlab import images
from cnnlab.checks import InputError
from cnnlab.images import load_image, to_array, to_png
from tests.ill_formed import encoded, ill_formed, png_chunk, png_of

ILL_FORMED = ill_formed()
ORIENTATION = 0x0112


def quarters() -> Image.Image:
    """Return 40 × 24 pixels whose four quarters differ: red, green over blue, white."""
    picture = Image.new("RGB", (40, 24), "white")
    picture.paste("red", (0, 0, 20, 12))
    picture.paste("lime", (20, 0, 40, 12))
    picture.paste("blue", (0, 12, 20, 24))
    return picture


def corners(picture: Image.Image) -> list[str]:
    """Return the colours of the four quarters, row by row, as letters."""
    letters = {(1, 0, 0): "r", (0, 1, 0): "g", (0, 0, 1): "b", (1, 1, 1): "w"}
    width, height = picture.size
    spots = [(x, y) for y in (height // 4, -height // 4) for x in (width // 4, -width // 4)]
    pixels = [picture.getpixel((x % width, y % height)) for x, y in spots]
    return [letters[tuple(int(value > 127) for value in pixel)] for pixel in pixels]


def pixel(data: bytes, *, place: tuple[int, int] = (0, 0)) -> tuple[int, ...]:
    picture = load_image(data)
    assert picture.mode == "RGB"
    return picture.getpixel(place)


def tiff_grey(values: np.ndarray) -> bytes:
    return encoded(Image.fromarray(values), "TIFF")


def in_fresh_process(code: str, *, data: bytes = b"") -> bytes:
    """Return what `code` prints, given `data` to read."""
    command = [sys.executable, "-c", code]
    root = Path(__file__).parents[1]
    run = subprocess.run(command, input=data, capture_output=True, check=True, cwd=root)
    return run.stdout.strip()


# --- Refusals


def test_there_are_enough_ill_formed_uploads():
    assert len(set(ILL_FORMED.values())) >= 30


@pytest.mark.parametrize("name", ILL_FORMED)
def test_ill_formed_upload_is_refused_in_one_sentence(name):
    with pytest.raises(InputError) as caught:
        load_image(io.BytesIO(ILL_FORMED[name]))
    message = str(caught.value)
    assert re.fullmatch(r"[A-Z][^\n.]*\.", message)
    assert len(message) < 200
    assert not re.search(r"Error|Traceback|object|b'|0x|<|[\\/]", message)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", "is empty"),
        ("text", "not a picture that can be read here: please choose a JPEG"),
        ("html", "a web page"),
        ("svg", "an SVG drawing"),
        ("pdf", "a PDF document"),
        ("zip", "a ZIP archive"),
        ("exe", "a program"),
        ("heic", "HEIC picture.* save it as JPEG"),
        ("heic_mif1", "HEIC picture.* save it as JPEG"),
        ("mp4", "a video"),
        ("half_png", "breaks off before its end"),
        ("half_jpeg", "breaks off before its end"),
        ("png_bad_data", "damaged"),
        ("png_60000", "too many pixels: please save a smaller copy"),
        ("png_9000", "9000 × 9000 pixels, more than 50 million"),
        ("png_11000", "11000 × 11000 pixels, more than 50 million"),
        ("jpeg_many_scans", "very long"),
        ("tiff_huge_tile", "huge tiles"),
    ],
)
def test_refusal_names_the_problem(name, words):
    with pytest.raises(InputError, match=words):
        load_image(ILL_FORMED[name])


def test_only_the_listed_decoders_are_reached(monkeypatch):
    seen = []
    monkeypatch.setattr(Image, "open", lambda file, formats: seen.extend(formats))
    with pytest.raises(InputError):
        load_image(ILL_FORMED["eps"])
    assert set(seen) <= {"JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"}


BOMBS = [data for name, data in ILL_FORMED.items() if re.search(r"\d{4}|tile|scans", name)]


def test_bombs_are_refused_before_anything_is_decoded(monkeypatch):
    def load(self):
        raise AssertionError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    assert len(BOMBS) >= 9
    for data in BOMBS:
        with pytest.raises(InputError) as caught:
            load_image(data)
        assert not isinstance(caught.value.__cause__, AssertionError)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to tell the peak")
def test_bombs_are_refused_without_allocating():
    """In a fresh process, because the peak of this one has been reached before."""
    code = (
        "import re, sys, pickle; from cnnlab.images import InputError, load_image\n"
        "def peak():\n"
        "    with open('/proc/self/status') as file: words = file.read()\n"
        "    return int(re.search(r'VmHWM:\\s+(\\d+)', words)[1])\n"
        "def refused(data):\n"
        "    try: load_image(data)\n"
        "    except InputError: return True\n"
        "bombs = pickle.load(sys.stdin.buffer); refused(b'x'); before = peak()\n"
        "print(all([refused(data) for data in bombs]), peak() - before < 10 * 1024)"  # KiB
    )
    assert in_fresh_process(code, data=pickle.dumps(BOMBS)) == b"True True"


@pytest.mark.parametrize("kind", [OSError, SyntaxError, MemoryError, RecursionError, KeyError])
def test_whatever_the_decoder_raises_is_a_refusal(monkeypatch, kind):
    def fail(*args, **settings):
        raise kind("internal words")

    monkeypatch.setattr(images, "_simple_mode", fail)
    with pytest.raises(InputError, match=r"^The picture [a-z ]+: please [a-z ]+\.$"):
        load_image(to_png(quarters()))


def test_an_interruption_is_not_taken_for_a_damaged_picture(monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(images, "_simple_mode", stop)
    with pytest.raises(KeyboardInterrupt):
        load_image(to_png(quarters()))


def test_size_limits():
    data = to_png(quarters())
    assert load_image(data, max_bytes=len(data), max_pixels=40 * 24).size == (40, 24)
    with pytest.raises(InputError, match=r"larger than .* MB: please save a smaller copy of it\."):
        load_image(io.BytesIO(data), max_bytes=len(data) - 1)
    with pytest.raises(InputError, match="40 × 24 pixels, more than"):
        load_image(data, max_pixels=40 * 24 - 1)
    with pytest.raises(InputError, match="larger than 10 MB"):
        load_image(data + bytes(10 * 2**20))


def test_the_limit_holds_before_the_whole_file_is_read():
    class Endless(io.BytesIO):
        def read(self, size=-1):
            assert 0 <= size <= 1001
            return bytes(size)

    with pytest.raises(InputError, match="larger than"):
        load_image(Endless(), max_bytes=1000)


# --- Sources


def test_every_kind_of_source_gives_the_same_picture(tmp_path):
    data = to_png(quarters())
    path = tmp_path / "picture of no kind.exe"  # the name does not count
    path.write_bytes(data)
    read_before = io.BytesIO(data)
    read_before.read()
    with path.open("rb") as file:
        sources = [data, bytearray(data), str(path), path, file, io.BytesIO(data), read_before]
        assert [to_png(load_image(source)) for source in sources] == [data] * 7


def test_paths_that_hold_no_file(tmp_path):
    for path, words in [
        (tmp_path, "This is a folder"),
        (tmp_path / "missing.png", "no such file"),
        ("", "This is a folder|no such file"),
        ("a" * 5000, "cannot be read|no such file"),
        ("zero\0character.png", "cannot be read|no such file"),
        ("/dev/zero", "no such file"),
    ]:
        with pytest.raises(InputError, match=words) as caught:
            load_image(path)
        assert str(tmp_path) not in str(caught.value)
        assert str(caught.value).endswith(".")


def test_closed_file():
    file = io.BytesIO(to_png(quarters()))
    file.close()
    with pytest.raises(InputError, match="closed: please choose it again"):
        load_image(file)


@pytest.mark.parametrize("source", [None, 3, ["a.png"], quarters(), io.StringIO("text")])
def test_wrong_kind_of_source(source):
    with pytest.raises(TypeError, match="source must be"):
        load_image(source)


# --- Formats and modes


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "MPO", "AVIF"])
def test_every_format_loads(format):
    if format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    extra = {"save_all": True, "append_images": [quarters()]} if format == "MPO" else {}
    picture = load_image(encoded(quarters(), format, **extra))
    assert (picture.mode, picture.size, type(picture)) == ("RGB", (40, 24), Image.Image)
    assert corners(picture) == list("rgbw")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "YCbCr", "CMYK", "LAB", "HSV"])
def test_every_mode_loads(mode):
    orange = Image.new("RGB", (8, 8), (255, 255, 255) if mode in "1L" else (250, 120, 40))
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        stored = ImageCms.profileToProfile(orange, *profiles, outputMode="LAB")
    else:
        stored = orange.convert(mode)
    if mode == "HSV":  # no format stores it
        found = images._simple_mode(stored).getpixel((0, 0))
    else:
        format = "PNG" if mode in ("1", "L", "P", "RGB") else "TIFF"
        found = pixel(encoded(stored, format))
    found = (found,) * 3 if isinstance(found, int) else found
    slack = 30 if mode == "P" else 4  # the web palette has six steps per channel
    assert np.allclose(found, orange.getpixel((0, 0)), atol=slack)


def test_cmyk_jpeg_is_not_inverted():
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # magenta and yellow ink: red
    red = pixel(encoded(cmyk, "JPEG", quality=95))
    assert np.allclose(red, (255, 0, 0), atol=4)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation(orientation, format):
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that undoes the turn
    upright = quarters()
    stored = upright if orientation == 1 else upright.transpose(back[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = load_image(encoded(stored, format, exif=exif))
    assert picture.size == (40, 24)
    assert corners(picture) == list("rgbw")


@pytest.mark.parametrize(
    "block",
    [
        b"MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 40,  # more entries than there are
        b"MM\0*\0\0\0\x08\0\1\x01\x12\0\2\0\0\0\2six\0\0\0\0\0",  # orientation as text
        b"XX" + bytes(30),  # neither byte order
        b"MM",
    ],
)
def test_broken_exif_does_not_cost_the_picture(block):
    assert corners(load_image(encoded(quarters(), "JPEG", exif=b"Exif\0\0" + block))) == list(
        "rgbw"
    )


def transparent_files() -> dict[str, bytes]:
    """Return pictures whose left pixel is black and whose right pixel is not there."""
    rgba = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    rgba.putpixel((1, 0), (0, 0, 0, 0))
    palette = Image.new("P", (2, 1), 0)
    palette.putpalette([0, 0, 0, 90, 90, 90])
    palette.putpixel((1, 0), 1)
    grey = Image.frombytes("L", (2, 1), bytes([0, 90]))
    colour = grey.convert("RGB")
    raw16, key16 = b"\0" + b"\0\0" * 3 + b"\x12\x34" * 3, png_chunk(b"tRNS", b"\x12\x34" * 3)
    return {
        "RGBA": encoded(rgba, "PNG"),
        "LA": encoded(rgba.convert("LA"), "PNG"),
        "PA": encoded(rgba.convert("PA").convert("RGBA"), "WEBP", lossless=True),
        "RGBA TIFF": encoded(rgba, "TIFF"),
        "P key": encoded(palette, "PNG", transparency=1),
        "P list": encoded(palette, "PNG", transparency=b"\xff\0"),
        "P GIF": encoded(palette, "GIF", transparency=1),
        "L key": encoded(grey, "PNG", transparency=90),
        "RGB key": encoded(colour, "PNG", transparency=(90, 90, 90)),
        "RGB 16-bit key": png_of(2, 1, raw=raw16, depth=16, colour=2, extra=key16),
        "L 16-bit key": png_of(
            2,
            1,
            raw=b"\0\0\0\x12\x34",
            depth=16,
            colour=0,
            extra=png_chunk(b"tRNS", b"\x12\x34"),
        ),
    }


@pytest.mark.parametrize("kind", transparent_files())
def test_transparent_turns_white(kind):
    data = transparent_files()[kind]
    assert pixel(data) == (0, 0, 0)
    assert pixel(data, place=(1, 0)) == (255, 255, 255)


def test_half_transparent_black_is_mid_grey():
    data = encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG")
    assert pixel(data) == (127, 127, 127)


def test_mode_pa():
    picture = Image.new("RGBA", (2, 2), (10, 20, 30, 0)).convert("PA")
    assert images._on_white(images._simple_mode(picture)).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(("stored", "shown"), [(0, 0), (256, 1), (32768, 128), (65535, 255)])
def test_16_bit_grey_is_scaled(stored, shown):
    values = np.full((3, 5), stored, dtype=np.uint16)
    grey = (shown, shown, shown)
    assert pixel(encoded(Image.fromarray(values), "PNG")) == grey
    assert pixel(tiff_grey(values)) == grey
    assert pixel(tiff_grey(values.astype(">u2"))) == grey  # mode I;16B
    if stored == 65535:
        assert pixel(tiff_grey(values.astype(np.int32))) == grey  # mode I
        assert pixel(tiff_grey(values.astype(np.float32))) == grey  # mode F


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 51.0, 102.0], [0, 51, 102]),
        ([0.0, 257.0, 65535.0], [0, 1, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([100000.0, 150000.0, 200000.0], [0, 128, 255]),
        ([1e38, -1e38, 0.0], [255, 0, 128]),
        ([70000.0, 70000.0, 70000.0], [0, 0, 0]),
        ([np.nan, np.inf, 1.0], [0, 0, 255]),
    ],
)
def test_32_bit_grey_is_scaled_by_the_documented_rule(values, shown):
    picture = load_image(tiff_grey(np.array([values], dtype=np.float32)))
    assert to_array(picture)[0].tolist() == [shown]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_an_animation(format):
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **{"lossless": True})
    assert np.allclose(pixel(data), (255, 0, 0), atol=2)


# --- Size and metadata


def test_large_pictures_are_reduced_and_small_ones_stay():
    assert load_image(to_png(Image.new("RGB", (3000, 1500)))).size == (1024, 512)
    assert load_image(to_png(Image.new("RGB", (20, 4000)))).size == (5, 1024)
    assert load_image(to_png(Image.new("RGB", (1, 4000)))).size == (1, 1024)
    assert load_image(to_png(Image.new("RGB", (7, 5)))).size == (7, 5)
    assert corners(load_image(to_png(quarters()), max_side=10)) == list("rgbw")
    with pytest.raises(InputError, match="max_side must be at least 1"):
        load_image(to_png(quarters()), max_side=0)


def test_huge_jpeg_is_decoded_at_reduced_size(monkeypatch):
    decoded = []

    def spy(image, keep=images._simple_mode):
        decoded.append(image.size)
        return keep(image)

    monkeypatch.setattr(images, "_simple_mode", spy)
    data = encoded(Image.new("RGB", (9000, 5000), "teal"), "JPEG")
    assert load_image(data).size == (1024, 569)
    assert decoded == [(2250, 1250)]  # a quarter: still twice the result


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_metadata_stays_behind(format):
    exif = Image.Exif()
    exif[0x010E] = "SECRET title"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 30.0)  # where it was taken
    extra = {"comment": "SECRET"} if format == "JPEG" else {}
    if format == "PNG":
        extra["pnginfo"] = PngImagePlugin.PngInfo()
        extra["pnginfo"].add_text("Author", "SECRET")
    data = encoded(quarters(), format, exif=exif, dpi=(300, 300), xmp=b"<SECRET/>", **extra)
    assert b"SECRET" in data
    picture = load_image(data)
    assert picture.info == {}
    assert not picture.getexif()
    again = to_png(picture)
    assert b"SECRET" not in again
    chunks = re.findall(rb"IHDR|tEXt|zTXt|iTXt|eXIf|pHYs|iCCP", again)
    assert chunks == [b"IHDR"]


def test_png_round_trip():
    assert load_image(to_png(quarters())).tobytes() == quarters().tobytes()


def test_png_of_a_picture_with_metadata_has_none():
    picture = quarters()
    picture.info.update(icc_profile=b"SECRET", dpi=(300, 300), transparency=(255, 0, 0))
    assert to_png(picture) == to_png(quarters())


def test_files_are_closed_and_the_limit_of_pillow_is_untouched(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(to_png(quarters()))
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    load_image(path)
    with pytest.raises(InputError):
        load_image(ILL_FORMED["png_60000"])
    assert (limit, filters) == (Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    assert not [file for file in psutil.Process().open_files() if file.path == str(path)]


def test_own_warnings_stay_visible(monkeypatch):
    monkeypatch.setattr(images, "_on_white", lambda image: warnings.warn("ours", stacklevel=1))
    with pytest.raises(InputError) as caught:  # pytest turns the warning into an exception
        load_image(to_png(quarters()))
    assert isinstance(caught.value.__cause__, UserWarning)


def test_memory_does_not_grow():
    def once():
        for data in ILL_FORMED.values():
            with pytest.raises(InputError):
                load_image(data)
        gc.collect()

    once()  # loads the decoders
    before = psutil.Process().memory_info().rss
    for _ in range(5):
        once()
    assert psutil.Process().memory_info().rss - before < 50 * 2**20


# --- Any bytes whatsoever


def loads_or_refuses(data: bytes) -> None:
    message, picture = "Fine.", Image.new("RGB", (1, 1))
    try:
        picture = load_image(data, max_pixels=10**6)
    except InputError as error:
        message = str(error)
    assert re.fullmatch(r"[A-Z][^\n.]*\.", message)
    assert (picture.mode, picture.info) == ("RGB", {})
    assert 1 <= max(picture.size) <= 1024


VALID = {
    "PNG": encoded(quarters(), "PNG"),
    "PNG palette": encoded(quarters().convert("P"), "PNG", transparency=3),
    "PNG 16-bit": encoded(Image.fromarray(np.arange(96, dtype=np.uint16).reshape(8, 12)), "PNG"),
    "JPEG": encoded(quarters(), "JPEG"),
    "JPEG progressive": encoded(quarters(), "JPEG", progressive=True),
    "GIF": encoded(quarters(), "GIF", save_all=True, append_images=[Image.new("RGB", (40, 24))]),
    "WEBP": encoded(quarters(), "WEBP"),
    "WEBP lossless": encoded(quarters().convert("RGBA"), "WEBP", lossless=True),
    "TIFF": encoded(quarters(), "TIFF"),
    "TIFF deflate": encoded(quarters(), "TIFF", compression="tiff_adobe_deflate"),
    "TIFF JPEG": encoded(quarters(), "TIFF", compression="jpeg"),
    "BMP": encoded(quarters(), "BMP"),
}
fuzz = settings(
    max_examples=300,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", VALID)
def test_the_files_to_mutate_are_valid(name):
    assert load_image(VALID[name]).mode == "RGB"


@seed(1)
@fuzz
@given(
    start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0"]),
    rest=st.binary(max_size=400),
)
def test_random_bytes(start, rest):
    loads_or_refuses(start + rest)


@seed(2)
@settings(fuzz, max_examples=1500)
@given(
    name=st.sampled_from(sorted(VALID)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=6),
    near_start=st.booleans(),
    end=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_mutated_and_truncated_pictures(name, changes, near_start, end):
    data = bytearray(VALID[name])
    reach = min(120, len(data)) if near_start else len(data)  # headers lie near the start
    for place, new in changes:
        position = int(place * (reach - 1))
        data[position : position + len(new)] = new
    loads_or_refuses(bytes(data[: int(end * len(data))]))


@seed(3)
@settings(fuzz, max_examples=300)
@given(st.data())
def test_mutated_tiff_directory(data):
    file = bytearray(VALID["TIFF"])
    start = int.from_bytes(file[4:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(start, min(start + 200, len(file) - 1)))
        file[place] = data.draw(st.integers(0, 255))
    loads_or_refuses(bytes(file))


def test_warnings_about_cut_tiff_files_do_not_leak():
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[270] = "words"
    data = bytearray(encoded(quarters(), "TIFF", tiffinfo=info))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for end in range(0, len(data), 37):
            loads_or_refuses(bytes(data[:end]))
