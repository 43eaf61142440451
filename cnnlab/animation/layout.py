"""Where the grids of a picture lie, and how large their cells are, so that all of it fits."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

__all__ = ["Box", "Column", "Layout", "Plane", "lay_out"]

Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two lie outside
_LARGEST_CELL = 54  # at a height of 360 pixels, as all measures here
_LARGEST_KERNEL_CELL = 30  # where the cells of the input are small
_EASY_TO_READ = 22
_WHOLE_CELL = 4  # pixels; smaller cells need not be whole pixels
_LINED_CELL = 7  # pixels; between smaller cells there are no lines
_MOST_UNLIKE = 1.6  # cells of input and output differ in size by this factor at most
_ALIKE = 1.25  # those that differ by less get the same size


@dataclass(frozen=True)
class Column:
    """What stands in one column: planes of the same size below each other.

    Parameters
    ----------
    planes, rows, columns : int
        How many planes, and the cells of each.
    caption : int
        Width of the words above, in pixels.
    names : int
        Width of the names of the planes, in pixels; a single one has none.
    """

    planes: int
    rows: int
    columns: int
    caption: int
    names: int = 0


@dataclass(frozen=True)
class Plane:
    """One grid of cells in the picture: its corner and the side of a cell, in pixels."""

    left: int
    top: int
    cell: float
    rows: int
    columns: int

    @property
    def has_lines(self) -> bool:
        """Whether there is room for lines between the cells."""
        return self.cell >= _LINED_CELL

    @property
    def box(self) -> Box:
        """The whole grid with its lines."""
        return self.around(0, 0, self.rows, self.columns)

    def around(self, row: int, column: int, rows: int = 1, columns: int = 1) -> Box:
        """Return the box around cells, with the line at each side; never empty."""
        left, right = (round(self.cell * c) for c in (column, column + columns))
        top, bottom = (round(self.cell * r) for r in (row, row + rows))
        line = 1 if self.has_lines else 0
        return (
            self.left + left,
            self.top + top,
            self.left + max(right + line, left + 1),
            self.top + max(bottom + line, top + 1),
        )


@dataclass(frozen=True)
class Layout:
    """The whole picture, in pixels."""

    width: int
    height: int
    unit: float  # pixels of this picture for one of a picture 360 pixels high
    margin: int
    heads: tuple[tuple[int, int], ...]  # left and top of the words above the three columns
    source: tuple[Plane, ...]
    kernel: tuple[Plane, ...]
    result: tuple[Plane, ...]
    kernel_box: Box  # all of the kernel's column
    footer: int  # top of the line below

    def px(self, length: float) -> int:
        """Return a length of a picture 360 pixels high in pixels of this one, at least 1."""
        return max(1, round(length * self.unit))


def lay_out(height: int, source: Column, kernel: Column, result: Column) -> Layout:
    """Return the layout of a picture.

    One row for each input channel: its plane and the slice of the kernel that is laid on it. The
    feature maps stand in the last column, below each other or in pairs, or else below the rest:
    where the cells are largest.

    Parameters
    ----------
    height : int
        Of the picture, in pixels. Its width is between 4/3 and 16/9 of it, or larger where the
        words need more.
    source, kernel, result : Column
        What is to be shown.

    Returns
    -------
    Layout
        Where everything lies. Cells that are easy to read have the same size everywhere.
    """
    attempts = [
        _Attempt(height, source, kernel, result, across=across, below=below)
        for below in (False, True)
        for across in ([1, 2] if result.planes > 1 else [1])
    ]
    return max(attempts, key=lambda attempt: attempt.cells[0] + attempt.cells[2]).layout()


class _Attempt:
    """One way to arrange it all: `across` feature maps side by side, beside or below the rest."""

    def __init__(
        self,
        height: int,
        source: Column,
        kernel: Column,
        result: Column,
        *,
        across: int,
        below: bool,
    ) -> None:
        self.height, self.unit = height, height / 360
        self.columns = (source, kernel, result)
        self.across, self.below = across, below
        self.stacked = -(-result.planes // across)  # rows of feature maps, rounded up
        self.margin, self.gap, self.row_gap = self.px(16), self.px(30), self.px(7)
        self.head, self.footer, self.name = self.px(38), self.px(38), self.px(15)
        self.names = self.px(10) + source.names if source.planes > 1 else 0  # beside the planes
        self.free = height - self.margin - self.footer - self.px(10)
        self.cells = self._below() if below else self._beside()

    def px(self, length: float) -> int:
        return round(length * self.unit)

    def _beside(self) -> list[float]:
        """Return the sides of the cells of the three columns, beside each other."""
        source, kernel, result = self.columns
        height = self.free - self.head
        most = [
            self._most(height, source.planes, source.rows),
            self._most(height, source.planes, kernel.rows),
            self._most(height, self.stacked, result.rows, named=result.planes > 1),
        ]
        widths = [source.columns, kernel.columns, result.columns * self.across]
        room = self.height * 16 / 9 - 2 * self.margin - 2 * self.gap - self.names
        room -= (self.across - 1) * self.gap / 2
        same = min(*most, room / sum(widths))
        easy = _EASY_TO_READ * self.unit
        if same >= easy:
            return _whole([same] * 3)
        small = min(most[0], most[2])
        most[0], most[2] = (
            min(cell, max(_MOST_UNLIKE * small, easy)) for cell in (most[0], most[2])
        )
        most[1] = min(most[1], _LARGEST_KERNEL_CELL * self.unit)
        a, b, c = _narrowed(most, widths, room)
        if max(a, c) <= _ALIKE * min(a, c):
            a = c = min(a, c)
        return _whole([a, b, c])

    def _below(self) -> list[float]:
        """Return the sides of the cells where the feature maps stand below the rest."""
        source, kernel, result = self.columns
        height = self.free - 2 * self.head - self.gap / 2
        rows = source.planes * max(source.rows, kernel.rows) + self.stacked * result.rows
        height -= (source.planes + self.stacked) * (self.row_gap + 1)
        height -= self.stacked * self.name if result.planes > 1 else 0
        room = self.height * 16 / 9 - 2 * self.margin - self.names - self.gap
        same = min(
            max(height, 1) / rows,
            room / (source.columns + kernel.columns),
            room / (result.columns * self.across),
            _LARGEST_CELL * self.unit,
        )
        return _whole([same] * 3)

    def _most(self, height: int, planes: int, rows: int, *, named: bool = False) -> float:
        """Return the largest side with which planes of `rows` rows fit below each other."""
        height -= planes * (1 + self.row_gap + (self.name if named else 0)) - self.row_gap
        return min(max(height, 1) / (planes * rows), _LARGEST_CELL * self.unit)

    def layout(self) -> Layout:
        """Return where everything lies, in the middle of the picture."""
        source, kernel, result = self.columns
        a, b, c = self.cells
        name = self.name if result.planes > 1 else 0
        pitch = 1 + self.row_gap + max(round(a * source.rows), round(b * kernel.rows))
        result_pitch = 1 + self.row_gap + round(c * result.rows) + name
        result_step = 1 + self.gap // 2 + round(c * result.columns)
        widths = [
            max(source.caption, self.names + round(a * source.columns) + 1),
            max(kernel.caption, round(b * kernel.columns) + 1),
            max(result.caption, self.across * result_step - self.gap // 2),
        ]
        upper = self.head + source.planes * pitch - self.row_gap
        lower = self.head + self.stacked * result_pitch - self.row_gap
        if self.below:
            width = max(widths[0] + self.gap + widths[1], widths[2])
            tall = upper + self.gap // 2 + lower
        else:
            width, tall = sum(widths) + 2 * self.gap, max(upper, lower)
        whole = max(width + 2 * self.margin, round(self.height * 4 / 3))
        left = (whole - width) // 2
        top = self.margin + max(self.free - tall, 0) // 2
        middle = left + widths[0] + self.gap
        right, result_top = middle + widths[1] + self.gap, top
        if self.below:
            right, result_top = left, top + upper + self.gap // 2
        return Layout(
            width=whole,
            height=self.height,
            unit=self.unit,
            margin=self.margin,
            heads=((left, top), (middle, top), (right, result_top)),
            source=tuple(
                Plane(
                    left + self.names, top + self.head + i * pitch, a, source.rows, source.columns
                )
                for i in range(source.planes)
            ),
            kernel=tuple(
                Plane(middle, top + self.head + i * pitch, b, kernel.rows, kernel.columns)
                for i in range(source.planes)
            ),
            result=tuple(
                Plane(
                    right + i % self.across * result_step,
                    result_top + self.head + name + i // self.across * result_pitch,
                    c,
                    result.rows,
                    result.columns,
                )
                for i in range(result.planes)
            ),
            kernel_box=(middle, top, middle + widths[1] + 1, top + upper + 1),
            footer=self.height - self.footer,
        )


def _narrowed(cells: list[float], columns: list[int], room: float) -> list[float]:
    """Return cells whose columns fit into `room` beside each other: the widest are narrowed."""
    widths = sorted(cell * n for cell, n in zip(cells, columns, strict=True))
    limit = room / 3
    for narrower in (1, 2):
        if widths[narrower - 1] < limit:
            limit = (room - sum(widths[:narrower])) / (3 - narrower)
    return [min(cell, limit / n) for cell, n in zip(cells, columns, strict=True)]


def _whole(cells: list[float]) -> list[float]:
    """Return cells of whole pixels, as long as they are not too small for that."""
    return [floor(cell) if cell >= _WHOLE_CELL else cell for cell in cells]
