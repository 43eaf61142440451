"""Grids of numbers: what is written, how cells are shaded, what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cnnlab.figures.number_grid import number_grid


def texts(html: str) -> list[str]:
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]


def shades(html: str) -> list[int]:
    cells = re.findall(r"<td[^>]*>", html)
    return [
        int(found[1])
        if (found := re.search(r" (\d+)%, transparent\)[;, ]", cell.partition("border:")[0]))
        else 0
        for cell in cells
    ]


def test_numbers_are_written_short() -> None:
    values = np.array([[1.0, -2.5, 0.126], [1234.5, -0.001, np.nan]])
    assert texts(number_grid(values, title="t")) == ["1", "−2.5", "0.13", "1,234.5", "0", ""]


def test_cells_are_shaded_by_size_and_hatched_where_negative() -> None:
    html = number_grid(np.array([[0.0, 1.0, -2.0]]), title="t")
    assert shades(html) == [0, 22, 45]
    assert html.count("repeating-linear-gradient") == 1
    assert shades(number_grid(np.array([[1.0]]), title="t", extent=2.0)) == [22]
    assert shades(number_grid(np.array([[1.0]]), title="t", tinted=False)) == [0]


def test_marked_cells_have_a_frame_and_bold_numbers() -> None:
    html = number_grid(np.array([[1, 2]]), title="t", marked=np.array([[False, True]]))
    assert html.count("3px solid currentColor") == 1
    assert "<strong>2</strong>" in html


def test_the_title_is_escaped() -> None:
    assert "<b>" not in number_grid(np.ones((1, 1)), title="<b>")


@pytest.mark.parametrize("shape", [(3,), (1, 2, 2), (21, 20)])
def test_what_is_no_small_table_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at most 400 cells"):
        number_grid(np.zeros(shape), title="t")
