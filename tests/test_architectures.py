"""The described networks: against torchvision, against verified facts, by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from cnnlab.architectures import NETWORKS, network
from cnnlab.architectures.alexnet import _one_column
from cnnlab.architectures.googlenet import AUXILIARY
from cnnlab.architectures.googlenet import NETWORKS as GOOGLENET
from cnnlab.architectures.history import ABLATION, CHALLENGE, HUMAN, MEASURED
from cnnlab.architectures.ideas import IDEAS
from cnnlab.architectures.nasnet import normal_pairs, reduction_pairs
from cnnlab.architectures.resnet import bottleneck, resnet
from cnnlab.architectures.stochastic import survival
from cnnlab.architectures.tables import by_block, by_layer, by_stage, in_short
from cnnlab.checks import InputError
from cnnlab.cost import summarize, totals
from cnnlab.layers import Conv2d, Linear
from tests.torch_layers import n_flops, n_params
from tests.torch_layers import network as built

PICTURE = (3, 224, 224)
# Ours; where torchvision has another name for it, see `NAMES`.
SAME_IN_TORCHVISION = (
    "alexnet_one_column",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg19",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "squeezenet1_0",
    "densenet121",
    "mobilenet_v2",
    "resnext50_32x4d",
    "efficientnet_b0",
    "mobilenet_v3_large",
    "inception_v3",
    "convnext_tiny",
    "shufflenet_v2_x1_0",
)


NAMES = {"alexnet_one_column": "alexnet"}


@pytest.mark.parametrize("key", SAME_IN_TORCHVISION)
def test_costs_are_those_of_torchvisions_network(key):
    from torch.utils.flop_counter import FlopCounterMode

    from cnnlab.model_cost import _build

    model = _build(NAMES.get(key, key))  # on the meta device: shapes without numbers
    total = NETWORKS[key].total
    weights = dict(model.named_parameters())
    heads = [name for name in weights if name.startswith("AuxLogits.")]  # for training only
    assert bool(heads) == (key == "inception_v3")
    assert total.n_params == sum(weights[name].numel() for name in weights.keys() - set(heads))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.empty(1, *NETWORKS[key].input_shape, device="meta"))
    assert total.flops == counter.get_total_flops()


def test_a_network_counts_its_layers_once():
    entry = NETWORKS["resnet18"]
    assert entry.rows is entry.rows
    assert entry.total is entry.total
    again = replace(entry, input_shape=(3, 64, 64))  # what was counted does not come along
    assert again.total.macs < entry.total.macs


@pytest.mark.parametrize("key", SAME_IN_TORCHVISION)
def test_every_convolution_makes_what_torchvisions_makes(key):
    from cnnlab.model_cost import summarize_model

    theirs = [r for r in summarize_model(NAMES.get(key, key)) if r.is_leaf and r.macs]
    ours = [row for row in NETWORKS[key].rows if row.macs]

    def measures(rows):
        # A fully connected layer that squeezes and excites may be a 1 × 1 convolution, too.
        return sorted((row.n_weights, row.n_biases, row.macs) for row in rows)

    assert measures(ours) == measures(theirs)


# Totals that were checked by hand or stand in the paper; None: not known from elsewhere.
@pytest.mark.parametrize(
    ("key", "n_params", "macs"),
    [
        ("lenet5", 61_706, 416_520),
        ("alexnet", 60_965_224, 724_406_816),
        ("zfnet", 62_357_608, None),
        ("vgg16", 138_357_544, 15_470_264_320),
        ("googlenet", 6_998_552, 1_582_671_872),
        ("resnet18", 11_689_512, None),
        ("resnet34", 21_797_672, None),
        ("resnet50", 25_557_032, None),
        ("resnet101", 44_549_160, None),
        ("resnet152", 60_192_808, None),
        ("squeezenet1_0", 1_248_424, None),
        ("densenet121", 7_978_856, None),
        ("xception", 22_855_952, None),
        ("mobilenet_v1", 4_231_976, 568_740_352),
        ("alexnet_one_column", 61_100_840, 714_188_480),
        # Both counted, too, in the package pretrainedmodels 0.7.4, whose NASNet-A has one class
        # more (1057 parameters) and whose BN-Inception has biases in its 10,016 filters.
        ("nasnet_mobile", 5_291_035 - 1057, None),
        ("inception_v2", 11_295_240 - 10_016, 2_032_600_064),
        ("highway50", 39_250 + 49 * 5_100 + 510, 39_200 + 49 * 5_000 + 500),
    ],
)
def test_totals_are_the_verified_ones(key, n_params, macs):
    total = NETWORKS[key].total
    assert total.n_params == n_params
    if macs is not None:
        assert total.macs == macs


def test_shapes_are_those_of_the_papers():
    def shapes(key):
        return [line.output_shape for line in by_stage(NETWORKS[key])]

    assert shapes("alexnet")[:5] == [
        (96, 27, 27),
        (256, 13, 13),
        (384, 13, 13),
        (384, 13, 13),
        (256, 6, 6),
    ]
    zfnet = [row.output_shape[1] for row in NETWORKS["zfnet"].rows if len(row.output_shape) == 3]
    assert sorted(set(zfnet), reverse=True) == [110, 55, 26, 13, 6]
    assert shapes("googlenet")[:4] == [(192, 28, 28), (480, 14, 14), (832, 7, 7), (1024, 7, 7)]
    assert shapes("resnet50")[:5] == [
        (64, 56, 56),
        (256, 56, 56),
        (512, 28, 28),
        (1024, 14, 14),
        (2048, 7, 7),
    ]
    assert shapes("xception")[2] == (728, 19, 19)


def test_vgg_16s_convolutions_and_where_38016_comes_from():
    layers = [x for stage in NETWORKS["vgg16"].stages for x in stage.layers]
    rows = [row for row in NETWORKS["vgg16"].rows if row.kind.startswith("Conv")]
    assert sum(row.n_params for row in rows) == 14_714_688
    assert sum(9 * x.out_channels for x in layers if isinstance(x, Conv2d)) == 38_016


@pytest.mark.parametrize(
    ("key", "weighted"),
    [
        ("vgg11", 11),
        ("vgg13", 13),
        ("vgg16c", 16),
        ("vgg16", 16),
        ("vgg19", 19),
        ("alexnet", 8),
        ("zfnet", 8),
        ("plain34", 34),
        ("densenet121", 121),
    ],
)
def test_the_name_counts_the_layers_with_weights(key, weighted):
    assert sum(row.macs > 0 for row in NETWORKS[key].rows) == weighted


@pytest.mark.parametrize("key", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_resnets_name_counts_the_layers_but_for_shortcuts(key):
    main = [row for row in NETWORKS[key].rows if row.macs and row.path[-2:-1] != (1,)]
    assert f"resnet{len(main)}" == key


def test_the_inception_module_costs_271_million_not_358():
    naive, small = GOOGLENET[0].drawings
    assert naive.total.macs == 854_196_224
    assert naive.total.output_shape == (672, 28, 28)
    assert small.total.macs == 271_351_808
    assert small.total.output_shape == (480, 28, 28)
    (three,) = (row.macs for row in small.rows if row.kind.startswith("Conv 3×3"))
    assert small.total.macs + three == 358_055_936


def test_googlenets_heads_and_depth():
    assert sum(totals(summarize([head], shape)).n_params for head, shape in AUXILIARY) == 6_379_728
    weights = sum(row.n_weights for row in NETWORKS["googlenet"].rows)
    assert weights == 6_990_272
    assert weights - 1_024_000 == 5_966_272
    assert sum(row.kind.startswith("Conv") for row in NETWORKS["googlenet"].rows) == 57


def test_inception_v3s_head_and_shapes():
    from cnnlab.model_cost import _build

    with_head = sum(weight.numel() for weight in _build("inception_v3").parameters())
    assert f"{with_head:,}" in NETWORKS["inception_v3"].notes[0]
    shapes = [line.output_shape for line in by_stage(NETWORKS["inception_v3"])]
    assert shapes[:4] == [(192, 35, 35), (288, 35, 35), (768, 17, 17), (2048, 8, 8)]


def test_thin_kernels_cost_two_sevenths_of_a_square_one():
    square, thin, _ = NETWORKS["inception_v3"].drawings
    assert square.total.output_shape == thin.total.output_shape
    assert 7 * thin.total.macs == 2 * square.total.macs


def test_the_stride_of_the_paper_gives_what_the_notes_say():
    for key, counts in (
        ("resnet50", (3, 4, 6, 3)),
        ("resnet101", (3, 4, 23, 3)),
        ("resnet152", (3, 8, 36, 3)),
    ):
        other = totals(summarize(resnet(counts, kind="bottleneck", stride_first=True), PICTURE))
        assert other.n_params == NETWORKS[key].total.n_params
        assert f"{other.macs:,}" in NETWORKS[key].published[0].remark


@pytest.mark.parametrize(
    "key",
    ["alexnet_one_column", "inception_v2", "nasnet_mobile", "highway50", "resnet110_stochastic"],
)
def test_torch_builds_it_and_counts_the_same(key):
    entry = NETWORKS[key]
    with torch.device("meta"):
        made, shape = built(entry.stages, entry.input_shape)
        assert n_params(made) == entry.total.n_params
        assert n_flops(made, entry.input_shape) == entry.total.flops
    assert shape == entry.total.output_shape


def test_alexnet_with_the_papers_fourth_layer_has_the_parameters_of_the_note():
    total = totals(summarize(_one_column(384), PICTURE))
    assert any(f"{total.n_params:,}" in note for note in NETWORKS["alexnet_one_column"].notes)


def test_biases_of_inception_v2_are_those_that_the_package_has_more():
    rows = NETWORKS["inception_v2"].rows
    biases = sum(row.output_shape[0] for row in rows if row.kind.startswith("Conv"))
    remark = NETWORKS["inception_v2"].published[1].remark
    assert f"{biases:,} biases" in remark
    assert NETWORKS["inception_v2"].total.n_params + biases == 11_295_240


def test_depths_of_inception_v2_follow_the_filters_of_its_table():
    modules = {row.name: row.output_shape for row in NETWORKS["inception_v2"].rows}
    depths = [modules[name][0] for name in ("3a", "3b", "3c", "4a", "4b", "4c", "4d", "4e", "5b")]
    assert depths == [256, 320, 576, 576, 576, 608, 608, 1056, 1024]
    assert [modules[name][1] for name in ("3b", "3c", "4d", "4e", "5a")] == [28, 14, 14, 7, 7]


def test_keras_counts_what_nasnet_does_not_learn():
    rows = NETWORKS["nasnet_mobile"].rows
    statistics = 2 * sum(row.output_shape[0] for row in rows if row.kind == "Batch norm")
    keras = NETWORKS["nasnet_mobile"].published[2]
    assert f"{statistics:,} means and variances" in keras.remark
    assert f"{NETWORKS['nasnet_mobile'].total.n_params + statistics:,}" == keras.value
    assert round(NETWORKS["nasnet_mobile"].total.macs / 1e6) == 564


def test_nasnets_cells_make_six_or_four_times_their_width():
    assert totals(summarize([normal_pairs(44)], (88, 28, 28))).output_shape == (264, 28, 28)
    assert totals(summarize(reduction_pairs(88), (176, 28, 28))).output_shape == (352, 14, 14)
    rows = {row.name: row for row in NETWORKS["nasnet_mobile"].rows if len(row.path) == 3}
    # The stack of the older cell and of this one; after a halving, the older at its new depth.
    depths = [rows[f"cell {n}"].output_shape[0] for n in (3, 4, 6, 7, 16)]
    assert depths == [88 + 264, 264 + 264, 264 + 264, 88 + 352, 1056 + 1056]
    assert rows["the cell before"].output_shape == (1056, 7, 7)
    names = [line.name for line in by_block(NETWORKS["nasnet_mobile"])]
    assert "cells 5 to 6" in names


def test_highway_and_plain_layers_have_about_as_many_parameters():
    plain, highway = NETWORKS["highway50"].drawings
    assert plain.total.n_params == 71 * 71 + 71 == 5_112
    assert highway.total.n_params == 2 * (50 * 50 + 50) == 5_100
    for number in ("5,112", "5,100"):
        assert number in NETWORKS["highway50"].published[0].remark


def test_stochastic_depth_has_forty_blocks_of_54_on_average():
    stay = NETWORKS["resnet110_stochastic"].survival
    assert sum(stay) == pytest.approx((3 * 54 - 1) / 4)
    assert "40.25" in NETWORKS["resnet110_stochastic"].published[1].remark
    assert (stay[0], stay[-1]) == (pytest.approx(1 - 1 / 108), 0.5)
    assert all(a - b == pytest.approx(1 / 108) for a, b in pairwise(stay))
    blocks = [row for row in NETWORKS["resnet110_stochastic"].rows if row.kind == "Add"]
    assert len(blocks) == len(stay)
    with pytest.raises(InputError, match=r"last must be between 0 and 1, got 1\.5"):
        survival(3, last=1.5)


def test_resnet_110_is_known_with_two_projections_too():
    more = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    number = NETWORKS["resnet110_stochastic"].total.n_params + more
    assert f"{number:,}" in NETWORKS["resnet110_stochastic"].notes[0]
    weighted = [row for row in NETWORKS["resnet110_stochastic"].rows if row.macs]
    assert len(weighted) == 110


def test_gates_add_two_and_a_half_million_parameters():
    more = NETWORKS["se_resnet50"].total.n_params - NETWORKS["resnet50"].total.n_params
    by_hand = sum(
        n * 2 * (4 * c) * (c // 4) + n * (4 * c + c // 4)
        for n, c in zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True)
    )
    assert more == by_hand == 2_530_992


def test_mobilenet_v2_without_biases_and_normalisation():
    rows = NETWORKS["mobilenet_v2"].rows
    assert sum(row.n_weights for row in rows if row.macs) == 3_469_760
    assert "3,469,760" in NETWORKS["mobilenet_v2"].published[0].remark


def test_mobilenet_v3_without_biases_and_normalisation():
    rows = NETWORKS["mobilenet_v3_large"].rows
    assert sum(row.n_weights for row in rows if row.macs) == 5_451_272
    assert "5,451,272" in NETWORKS["mobilenet_v3_large"].published[0].remark


def test_activations_of_mobilenet_v3_are_torchvisions():
    from torch import nn

    from cnnlab.model_cost import _build

    rows = [row.kind for row in NETWORKS["mobilenet_v3_large"].rows]
    theirs = list(_build("mobilenet_v3_large").modules())
    for kind in ("ReLU", "Hardswish", "Hardsigmoid"):
        assert rows.count(kind) == sum(type(module) is getattr(nn, kind) for module in theirs)


def test_shufflenet_with_the_operations_of_pooling():
    entry = NETWORKS["shufflenet_v2_x1_0"]
    pooling = sum(row.other_ops for row in entry.rows if "pool" in row.kind)
    assert f"{entry.total.macs + pooling:,}" in entry.published[1].remark


def test_half_of_the_maps_in_short():
    (block,) = NETWORKS["shufflenet_v2_x1_0"].stages[1].layers[1:2]
    assert in_short(block) == (
        "half of the maps: 1×1, 58 → depthwise 3×3 → 1×1, 58; stacked on the other half → shuffle"
    )


def test_a_wider_zfnet_has_the_parameters_of_the_note():
    stages = list(NETWORKS["zfnet"].stages)
    for place, filters in ((2, 512), (3, 1024), (4, 512)):
        conv, *others = stages[place].layers
        wide = Conv2d(filters, conv.kernel_size, padding=conv.padding)
        stages[place] = type(stages[place])((wide, *others))
    assert totals(summarize(stages, PICTURE)).n_params == 107_627_624
    assert any("107,627,624" in note for note in NETWORKS["zfnet"].notes)


def test_other_versions_of_torchvision_are_named_with_their_numbers():
    for key in ("alexnet", "googlenet"):
        number = f"{MEASURED[key].n_params:,}"
        assert any(number in note for note in NETWORKS[key].notes)
        assert NETWORKS[key].total.n_params != MEASURED[key].n_params


# Published figures --------------------------------------------------------------------------------

_UNITS = {"": 1, "million": 10**6, "billion": 10**9}
_COUNTED = [(n, p) for n in NETWORKS.values() for p in n.published if p.ours]


@pytest.mark.parametrize(("entry", "figure"), _COUNTED, ids=lambda x: getattr(x, "key", ""))
def test_a_published_figure_is_ours_rounded_or_the_difference_is_explained(entry, figure):
    number, unit = re.match(r"([\d.,]+) ?(million|billion)?", figure.value).groups()
    digits = len(number.partition(".")[2])
    total = entry.total
    ours = total.n_params if figure.ours == "parameters" else total.macs
    ours_rounded = round(ours / _UNITS[unit or ""], digits)
    assert ours_rounded == float(number.replace(",", "")) or figure.remark


@pytest.mark.parametrize("entry", NETWORKS.values(), ids=lambda entry: entry.key)
def test_the_record_is_complete(entry):
    assert NETWORKS[entry.key] is entry
    assert entry.idea.endswith(".")
    assert entry.address.startswith("https://")
    assert entry.published
    assert entry.drawings
    assert all(figure.source for figure in entry.published)
    number = re.search(r"arXiv:(\d{4}\.\d{5})", entry.paper)
    if number:
        assert entry.address == f"https://arxiv.org/abs/{number[1]}"
        assert entry.year == 2000 + int(number[1][:2])
    assert len({stage.name for stage in entry.stages}) == len(entry.stages)


@pytest.mark.parametrize("entry", IDEAS, ids=lambda entry: entry.title)
def test_an_idea_names_its_paper(entry):
    (number,) = re.findall(r"arXiv:(\d{4}\.\d{5})$", entry.paper)
    assert entry.address == f"https://arxiv.org/abs/{number}"
    assert entry.year == 2000 + int(number[:2])
    assert entry.idea.endswith(".")
    assert entry.idea.count(". ") == 0


def test_networks_stand_in_order_of_year():
    years = [entry.year for entry in NETWORKS.values()]
    assert years == sorted(years)


def test_an_unknown_network_is_refused():
    with pytest.raises(InputError, match="no network 'vgg17'; there are lenet5, alexnet"):
        network("vgg17")


# Tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", NETWORKS.values(), ids=lambda entry: entry.key)
def test_every_table_adds_up_to_the_total(entry):
    total, stages = entry.total, by_stage(entry)
    want = total.n_params, total.macs
    assert (sum(x.n_params for x in stages), sum(x.macs for x in stages)) == want
    for lines in (by_block(entry), by_layer(entry)):
        tops = [line for line in lines if line.depth == 0]
        numbers = [(x.name, x.n_params, x.macs, x.output_shape) for x in tops]
        assert numbers == [(x.name, x.n_params, x.macs, x.output_shape) for x in stages]
        sums: list[list[int]] = []
        for line in lines:  # each stage is the sum of the blocks below it, each block of its layers
            if line.depth == 0:
                sums.append([0, 0, 0])
            elif line.depth == 1:
                sums[-1] = [sums[-1][0] + line.n_params, sums[-1][1] + line.macs, 1]
        for top, (params, macs, some) in zip(tops, sums, strict=True):
            assert not some or (params, macs) == (top.n_params, top.macs)
    leaves = [line for line in by_layer(entry) if line.depth == 2]
    blocks = by_layer(entry)
    for place, block in enumerate(blocks):
        inner = []
        for line in blocks[place + 1 :]:
            if line.depth < 2:
                break
            inner.append(line)
        if block.depth == 1 and inner:
            assert sum(line.macs for line in inner) == block.macs
            assert sum(line.n_params for line in inner) == block.n_params
    assert len(leaves) + len(blocks) >= len(by_block(entry))


def test_equal_blocks_share_a_line():
    lines = {line.name: line for line in by_block(NETWORKS["resnet152"])}
    assert lines["blocks 2 to 36"].times == 35
    assert lines["blocks 2 to 36"].macs == 35 * 218_365_952
    assert lines["blocks 2 to 36"].output_shape == (1024, 14, 14)


def test_equal_layers_that_are_no_blocks_keep_their_own_lines():
    names = [line.name for line in by_block(NETWORKS["vgg16"])]
    assert {"conv5_1", "conv5_2", "conv5_3"} < set(names)


def test_quiet_layers_go_with_the_layer_before():
    first = by_block(NETWORKS["alexnet"])[1]
    assert first.kind == "Conv 11×11, 96, stride 4 · ReLU · Local response norm 5"
    assert (first.n_params, first.output_shape) == (34_944, (96, 55, 55))


def test_blocks_of_other_networks_in_short():
    (block,) = NETWORKS["resnet110_stochastic"].stages[2].layers[:1]
    assert in_short(block) == ("3×3, 32, /2 → 3×3, 32; + (one cell of 2×2 → zeros up to 32 maps)")
    (highway,) = NETWORKS["highway50"].stages[1].layers[:1]
    assert in_short(highway) == (
        "Fully connected 50; mixed with the input by a gate: Fully connected 50"
    )
    (cell,) = NETWORKS["nasnet_mobile"].stages[2].layers[:1]
    assert in_short(cell) == "normal cell"


def test_a_block_in_short():
    assert in_short(bottleneck(128, stride=2, project=True)[0]) == (
        "1×1, 128 → 3×3, 128, /2 → 1×1, 512; + (1×1, 512, /2)"
    )
    (block,) = NETWORKS["mobilenet_v1"].stages[1].layers[:1]
    assert in_short(block) == "depthwise 3×3 → 1×1, 64"


# Results of others --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", MEASURED)
def test_measured_results_are_torchvisions(key):
    import torchvision

    meta = torchvision.models.get_model_weights(key).IMAGENET1K_V1.meta
    entry = MEASURED[key]
    assert entry.n_params == meta["num_params"]
    assert entry.top1 == meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert entry.gmacs == meta["_ops"]


@pytest.mark.parametrize("key", sorted(set(MEASURED) & set(SAME_IN_TORCHVISION)))
def test_measured_operations_are_ours_rounded(key):
    assert MEASURED[key].gmacs == pytest.approx(NETWORKS[key].total.macs / 1e9, abs=0.00051)


def test_the_challenge_falls_every_year_and_passes_the_human_in_2015():
    errors = [error for error, _, _ in CHALLENGE.values()]
    assert errors == sorted(errors, reverse=True)
    assert next(year for year, (error, _, _) in CHALLENGE.items() if error < HUMAN) == 2015


def test_the_ablation_is_as_printed():
    best = min(ABLATION, key=lambda row: row.val_top5)
    assert (best.title, best.val_top5) == ("ZFNet, 3 to 5: 512, 1024, 512 maps", 16.0)
    gap = max(ABLATION, key=lambda row: row.val_top1 - row.train_top1)
    assert (gap.title, round(gap.val_top1 - gap.train_top1, 1)) == (
        "ZFNet, both of the last two",
        28.3,
    )
    assert all(row.val_top5 < row.val_top1 for row in ABLATION)


def test_fully_connected_layers_hold_alexnets_parameters():
    total = NETWORKS["alexnet"].total
    connected = [x for x in by_stage(NETWORKS["alexnet"]) if x.name == "fully connected"]
    assert sum(x.n_params for x in connected) == 58_631_144
    assert sum(x.n_params for x in connected) / total.n_params == pytest.approx(0.96171456698)
    assert any(isinstance(x, Linear) for x in NETWORKS["alexnet"].stages[-1].layers)


@pytest.mark.parametrize(
    ("key", "sees"),
    [
        # VGG-16's 212 is in Araujo et al., 2019. ResNet-50 by hand: 7, pooling 11, then each 3 × 3
        # adds twice the jump, 4, 8, 16 and 32; the first of a stage still has the jump before it.
        ("vgg16", [6, 16, 44, 100, 212, None]),
        ("resnet50", [11, 35, 91, 267, 427, None]),
    ],
)
def test_what_a_cell_at_the_end_of_each_stage_sees(key, sees):
    for table in (by_stage, by_block, by_layer):
        assert [line.sees for line in table(NETWORKS[key]) if line.depth == 0] == sees
