"""The parts of the lesson that shows every layer of a network."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import streamlit as st

from cnnlab.derivations import with_unit
from cnnlab.figures.layer_tree import layer_list, layer_tree
from cnnlab.layers import shape_text
from cnnlab.ui import controls, panels, work

if TYPE_CHECKING:
    from cnnlab.model_cost import ModelRow

__all__ = ["beside_published", "beside_torchinfo", "download", "model_rows", "table"]

_ORDERS = {
    "as they run": "",
    "by parameters": "n_params",
    "by operations": "macs",
    "by memory": "n_activations",
}
# What `bench.counting.right_counts()` found, with torchvision 0.29.2 and torchinfo 1.8.0.
_RIGHT = {"CNN Lab": (80, 80, 80), "torchinfo": (80, 45, 45)}
_DEEPEST = {"blocks": 1, "parts of blocks": 2, "all layers": 99}


def model_rows() -> list[ModelRow]:
    """Let a learner choose a network and return its table."""
    work.networks()
    from cnnlab import model_cost

    names = ["resnet18", *(name for name in model_cost.model_names() if name != "resnet18")]
    name = controls.pick("Network", names, key="model_layers_network", width=360)
    return work.in_queue(
        ("every layer", name), lambda: model_cost.summarize_model(name), label=f"Counting {name}"
    )


def beside_published(rows: list[ModelRow]) -> None:
    """Show the totals beside what torchvision publishes."""
    import torchvision

    whole = rows[0]
    meta = torchvision.models.get_model_weights(whole.name).DEFAULT.meta
    size = shape_text(whole.input_shape)
    panels.table(
        ["", "counted here", "torchvision says", "in words"],
        [
            [
                "Parameters",
                f"{whole.n_params:,}",
                f"{meta['num_params']:,}",
                f"{with_unit(whole.weight_bytes, 'B')} as float32",
            ],
            [
                "MACs",
                f"{whole.macs:,}",
                f"{meta['_ops']:g} G",
                f"for one input of {size}; torchvision writes GFLOPS and means MACs",
            ],
            ["FLOPs", f"{whole.flops:,}", "", "two for each MAC"],
        ],
        align="lrrl",
        wide_only=[3],
    )


def table(rows: list[ModelRow]) -> None:
    """Show the layers as a folding tree, or sorted."""
    with st.container(horizontal=True, gap="medium"):
        order = controls.choice("Order", list(_ORDERS), key="model_layers_order")
        unit = controls.choice("Operations", ["MACs", "FLOPs"], key="model_layers_unit")
    flops = unit == "FLOPs"
    if _ORDERS[order]:
        leaves = [row for row in rows if row.is_leaf and getattr(row, _ORDERS[order])]
        leaves.sort(key=lambda row: getattr(row, _ORDERS[order]), reverse=True)
        st.html(layer_list(leaves, rows[0], flops=flops))
        return
    depth = controls.choice("Open", list(_DEEPEST), key="model_layers_open")
    st.html(layer_tree(rows, flops=flops, open_depth=_DEEPEST[depth]))
    st.caption(
        "Sizes are channels × height × width, the order of PyTorch; lecture notes, and the lesson "
        "on architectures, write width × height × depth."
    )


def download(rows: list[ModelRow]) -> None:
    """Offer the table as a file."""
    st.download_button(
        "Save the table (CSV)",
        lambda: _csv(rows),
        file_name=f"{rows[0].name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(
        "The file has groups and layers, and a group's numbers are already the sums of its layers. "
        "To add up a column, keep only the rows where is_leaf is True. The column n_activations "
        "is the memory: how many numbers a row writes for one input, 4 bytes each as float32."
    )


def beside_torchinfo() -> None:
    """Say how the usual summary tool does."""
    panels.table(
        ["of torchvision's 80 networks", "parameters right", "MACs right", "both"],
        [[name, *(str(count) for count in counts)] for name, counts in _RIGHT.items()],
        align="lrrr",
    )
    st.caption(
        "Right: equal to what torchvision publishes, parameters exactly, MACs to three digits "
        "after the point of its GMACs. torchinfo 1.8.0 counts the additions of biases as MACs and "
        "leaves out what is computed by functions and not by layers: almost all of ViT, Swin and "
        "ConvNeXt. `bench.counting.right_counts()` counts anew."
    )


def _csv(rows: list[ModelRow]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    columns = [
        *("name", "kind", "depth", "is_leaf", "input_shape", "output_shape"),
        *("n_weights", "n_biases", "n_params", "macs", "flops", "n_activations"),
    ]
    writer.writerow(columns)
    for row in rows:
        values = (getattr(row, column) for column in columns)
        writer.writerow("x".join(map(str, v)) if isinstance(v, tuple) else v for v in values)
    return file.getvalue()
