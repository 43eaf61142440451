"""Draws one step after the other: the static parts once, then only what a step changes."""

from __future__ import annotations

from functools import cached_property
from math import ceil

import numpy as np
from PIL import Image

from cnnlab.animation.brush import Brush, text_size, width_of
from cnnlab.animation.layout import Box, Column, Layout, lay_out
from cnnlab.animation.look import DARK, LIGHT, Colour, font, written
from cnnlab.animation.sentence import Sentence, fitting_sentence
from cnnlab.trace import Grid, Trace

__all__ = ["Board"]

_TINT_STEP, _MOST_TINT, _DONE_TINT = 2, 34, 8  # percent of the role's colour in a cell
_PADDING_TINT = 16
_GREY_STEP = 5  # so that all greys of a photograph fit into the palette of a GIF
_BLACK: Colour = (0, 0, 0)
_WHITE: Colour = (255, 255, 255)


class Board:
    """The picture of a trace, brought from step to step.

    Parameters
    ----------
    trace : Trace
        The steps.
    steps : list of int
        The steps that will be shown, in order.
    height : int
        Of the picture, in pixels.
    dark : bool
        For a dark background.
    """

    def __init__(self, trace: Trace, steps: list[int], *, height: int, dark: bool) -> None:
        self.trace, self.steps = trace, steps
        self.look = DARK if dark else LIGHT
        unit = height / 360
        self.bold, self.small = font(round(15 * unit), bold=True), font(round(12 * unit))
        self.plain = font(round(14 * unit))
        self.grids = {"input": trace.source, "kernel": trace.weight, "output": trace.result}
        # What the groups of each step read and use, as arrays of shape (steps, groups, terms).
        terms = trace.window[0] * trace.window[1]
        self.reads = trace.reads.reshape(len(trace), -1, terms)
        self.used = trace.weights.reshape(len(trace), -1, terms)
        self.source_planes = self.reads[:, :, 0] // trace.source.values[0].size  # (steps, groups)
        self.filters = trace.writes // trace.result.values[0].size  # (steps,)
        self.layout = self._layout(height)
        first_planes = zip(
            self.grids.items(),
            (self.layout.source[0], self.layout.kernel[0], self.layout.result[0]),
            strict=True,
        )
        self.sizes, self.largest = {}, {}
        for (role, grid), plane in first_planes:
            texts = {written(value, 3) for value in np.unique(grid.values).tolist()}
            self.sizes[role] = text_size(plane, texts, largest=22 * unit)
            self.largest[role] = float(np.abs(grid.values).max())
        # What stays as it is from now on; a frame is a copy of it with the marks of its step.
        self.ground = Image.new("RGB", (self.layout.width, height), self.look.colour("ground"))
        self.brush = Brush(self.ground, self.look)
        self.done = 0  # steps whose output is filled in
        self.filter = -1  # whose kernel is drawn
        self.marked: list[Box] = []
        self._draw_static()

    def frame(self, step: int) -> tuple[Image.Image, list[Box]]:
        """Return the picture of a step, and the boxes in which it may differ from the last one.

        Steps must come in order: output cells once filled in stay so.
        """
        boxes = [*self.marked, *self._draw_kernel(step)]
        while self.done <= step:
            p, *place = self._target(self.done)
            boxes.append(self._draw_number("output", p, (place[0], place[1])))
            self.done += 1
        picture = self.ground.copy()
        brush = Brush(picture, self.look)
        self.marked = [*self._mark(brush, step), self._draw_footer(brush, step)]
        return picture, boxes + self.marked

    def colours(self) -> list[Colour]:
        """Return the colours of all areas, which a picture of few colours must have."""
        look = self.look
        roles = ("ground", "text", "line", "cursor", "padding", "input", "kernel", "output")
        found = [look.colour(role) for role in roles]
        most = _MOST_TINT + _DONE_TINT
        for role in ("input", "kernel", "output", "padding"):
            found += [look.tint(role, percent) for percent in range(0, most + 1, _TINT_STEP)]
        if self.trace.source.as_grey or self.trace.result.as_grey:
            found += [(level,) * 3 for level in range(0, 256, _GREY_STEP)]
        return list(dict.fromkeys([*found, _BLACK, _WHITE]))

    # Layout and words --------------------------------------------------------------------------

    def _layout(self, height: int) -> Layout:
        trace = self.trace
        columns = []
        for grid, title in ((trace.source, "Input"), (trace.result, "Output")):
            words = max(width_of(title, self.bold), width_of(_size_words(grid), self.small))
            names = max(width_of(name, self.small) for name in grid.planes)
            planes, rows, n_columns = grid.values.shape
            columns.append(Column(planes, rows, n_columns, words, names))
        firsts = np.unique(self.filters, return_index=True)[1].tolist()  # a step of each filter
        words = max(
            max(width_of(self._kernel_title(step), self.bold) for step in firsts),
            max(width_of(self._kernel_words(step), self.small) for step in firsts),
        )
        source, result = columns
        return lay_out(height, source, Column(source.planes, *trace.window, words), result)

    def _kernel_title(self, step: int) -> str:
        return "Kernel" if len(self.trace.result.values) == 1 else f"Filter {self.filters[step]}"

    def _kernel_words(self, step: int) -> str:
        words = " × ".join(map(str, self.trace.window))
        if self.trace.turned:
            words += ", turned"
        if self.trace.has_bias:
            words += f", bias {written(self.trace.bias[step])}"
        return words

    def _counter(self, step: int) -> str:
        return f"Step {step + 1} of {len(self.trace)}"

    @cached_property
    def _sentence(self) -> Sentence:
        counter = width_of(self._counter(len(self.trace) - 1), self.bold)
        room = self.layout.width - 2 * self.layout.margin - self.layout.px(30) - counter
        return fitting_sentence(
            self.trace,
            self.steps,
            lambda parts: self.plain.getlength("".join(text for text, _ in parts)) <= room,
        )

    def _target(self, step: int) -> list[int]:
        """Return the plane, row and column that a step writes."""
        shape = self.trace.result.values.shape
        return [int(n) for n in np.unravel_index(int(self.trace.writes[step]), shape)]

    # What does not change ----------------------------------------------------------------------

    def _draw_static(self) -> None:
        layout, trace = self.layout, self.trace
        self._write_head(layout.heads[0], "Input", "input", _size_words(trace.source))
        self._write_head(layout.heads[2], "Output", "output", _size_words(trace.result))
        for p, plane in enumerate(layout.source):
            self.brush.grid(plane)
            for place in np.ndindex(plane.rows, plane.columns):
                self._draw_number("input", p, (place[0], place[1]))
            if len(layout.source) > 1:
                _, top, _, bottom = plane.box
                line = layout.heads[0][0], (top + bottom) // 2 + layout.px(4)
                self.brush.words(line, trace.source.planes[p], "padding", self.small)
        dot = self.look.colour("padding")
        for p, plane in enumerate(layout.result):
            self.brush.grid(plane)
            if self.sizes["output"]:
                for place in np.ndindex(plane.rows, plane.columns):
                    self.brush.in_the_middle(plane.around(*place), "·", dot, plane.cell / 2)
            if len(layout.result) > 1:
                line = plane.left, plane.top - layout.px(4)
                self.brush.words(line, trace.result.planes[p], "padding", self.small)

    def _write_head(self, at: tuple[int, int], title: str, role: str, words: str) -> None:
        left, line = at[0], at[1] + self.layout.px(13)
        self.brush.words((left, line), title, role, self.bold)
        self.brush.words((left, line + self.layout.px(16)), words, "padding", self.small)

    # What a step changes -----------------------------------------------------------------------

    def _draw_kernel(self, step: int) -> list[Box]:
        """Draw the slices of the filter at work, unless they stand there."""
        if self.filters[step] == self.filter:
            return []
        self.filter = int(self.filters[step])
        box = self.layout.kernel_box
        self.brush.area(box, "ground")
        head = self.layout.heads[1]
        self._write_head(head, self._kernel_title(step), "kernel", self._kernel_words(step))
        values = self.trace.weight.values.ravel()
        for p, used in zip(self.source_planes[step], self.used[step], strict=True):
            plane = self.layout.kernel[p]
            self.brush.grid(plane)
            for number, index in enumerate(used):
                value, place = float(values[index]), divmod(number, plane.columns)
                ground, ink = self._tinted("kernel", value)
                self.brush.cell(
                    plane,
                    place,
                    written(value, 3),
                    ground=ground,
                    ink=ink,
                    size=self.sizes["kernel"],
                )
        return [box]

    def _draw_number(self, role: str, p: int, place: tuple[int, int]) -> Box:
        """Draw a cell of the input or of the output."""
        grid = self.grids[role]
        plane = (self.layout.source if role == "input" else self.layout.result)[p]
        value = float(grid.values[p][place])
        if not _is_data(grid, *place):
            ground = self.look.tint("padding", _PADDING_TINT)
            ink = self.look.colour("padding")
        elif grid.as_grey:
            ground = _shade(value, grid.as_grey)
            ink = _BLACK if ground[0] >= 117 else _WHITE  # both are equally readable on 117
        else:
            ground, ink = self._tinted(role, value)
        text = written(value, 3)
        return self.brush.cell(plane, place, text, ground=ground, ink=ink, size=self.sizes[role])

    def _tinted(self, role: str, value: float) -> tuple[Colour, Colour]:
        """Return a ground that tells how large a number is, and what to write on it with."""
        share = abs(value) / self.largest[role] if self.largest[role] else 0.0
        percent = _TINT_STEP * round(share * _MOST_TINT / _TINT_STEP)
        if role == "output":
            percent += _DONE_TINT  # so that 0 differs from what is still to come
        return self.look.tint("padding" if value < 0 else role, percent), self.look.colour("text")

    def _mark(self, brush: Brush, step: int) -> list[Box]:
        """Outline what the step reads and what it writes."""
        boxes = []
        thick, thin = self.layout.px(2.4), self.layout.px(1.9)
        for p, reads in zip(self.source_planes[step], self.reads[step], strict=True):
            plane = self.layout.source[p]
            rows, columns = np.divmod(reads - p * plane.rows * plane.columns, plane.columns)
            row, column = int(rows.min()), int(columns.min())
            size = int(rows.max()) - row + 1, int(columns.max()) - column + 1
            if size[0] * size[1] == len(reads):
                boxes.append(brush.outline(plane.around(row, column, *size), width=thick))
            else:  # a dilated kernel leaves cells out
                boxes += [
                    brush.outline(plane.around(int(r), int(c)), width=thin)
                    for r, c in zip(rows, columns, strict=True)
                ]
        p, row, column = self._target(step)
        boxes.append(brush.outline(self.layout.result[p].around(row, column), width=thick))
        return boxes

    def _draw_footer(self, brush: Brush, step: int) -> Box:
        """Write the calculation and the number of the step, and draw how far they have come."""
        left, right = self.layout.margin, self.layout.width - self.layout.margin
        top = self.layout.footer
        below = top + self.layout.px(3)
        reached = left + ceil((right - left) * (step + 1) / len(self.trace))
        brush.area((left, top, right, below), "line")
        brush.area((left, top, reached, below), "cursor")
        line = below + self.layout.px(20)
        counter = self._counter(step)
        brush.words((right - width_of(counter, self.bold), line), counter, "cursor", self.bold)
        at = float(left)
        for text, role in self._sentence(step):
            brush.words((at, line), text, role, self.plain)
            at += self.plain.getlength(text)
        return left, top, right, self.layout.height


def _size_words(grid: Grid) -> str:
    """Return the size of the data, and what it has become with padding."""
    planes, rows, columns = grid.values.shape
    top, bottom, left, right = grid.margin
    down, across = grid.spacing
    size = ceil((rows - top - bottom) / down), ceil((columns - left - right) / across)
    words = " × ".join(map(str, (planes, *size) if planes > 1 else size))
    if size == (rows, columns):
        return words
    how = "padded" if grid.spacing == (1, 1) else "spread out"
    return f"{words}, {how} to {rows} × {columns}"


def _is_data(grid: Grid, row: int, column: int) -> bool:
    """Return whether a cell holds a number of the data, rather than one that is filled in."""
    _, rows, columns = grid.values.shape
    top, bottom, left, right = grid.margin
    inside = top <= row < rows - bottom and left <= column < columns - right
    return inside and (row - top) % grid.spacing[0] == 0 == (column - left) % grid.spacing[1]


def _shade(value: float, grey: tuple[float, float]) -> Colour:
    """Return the shade of grey of a number."""
    black, white = grey
    share = (value - black) / (white - black) if white > black else 0.5
    level = _GREY_STEP * round(min(max(share, 0.0), 1.0) * 255 / _GREY_STEP)
    return level, level, level
