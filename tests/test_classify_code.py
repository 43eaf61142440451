"""Scripts to take home: each runs alone and prints what the lab says."""

import subprocess
import sys

import numpy as np
import pytest

from cnnlab.answers import ask, ask_views
from cnnlab.catalogue import OWN, every_name, weights_of
from cnnlab.checks import InputError
from cnnlab.classify_code import classify_code
from cnnlab.digits import sample_digit
from cnnlab.ensembling import CROPS, combine
from cnnlab.pretrained import categories
from cnnlab.samples import sample
from cnnlab.softmax import softmax
from tests.real_weights import needs_weights

REAL = "squeezenet1_0"


@pytest.fixture
def printed(tmp_path, monkeypatch, capsys):
    """Run a script beside some pictures; return the lines that it prints."""

    def run(script: str, **photos) -> list[str]:
        for name, picture in photos.items():
            picture.save(tmp_path / f"{name}.png")
        monkeypatch.chdir(tmp_path)
        exec(compile(script, "script", "exec"), {})
        return capsys.readouterr().out.splitlines()

    return run


def lines(shares, k: int, labels=None) -> list[str]:
    labels = labels or categories(REAL)
    order = np.argsort(-np.asarray(shares), kind="stable")[:k]
    return [f"{float(shares[i]):8.4%}  {labels[i]}" for i in order]


def nearly(found: list[str], expected: list[str]) -> bool:
    """Whether names agree, and numbers but for the last digit: the lab counts in float64."""

    def parts(line: str) -> tuple[float, str]:
        number, _, name = line.strip().partition("%  ")
        return float(number), name

    return len(found) == len(expected) and all(
        abs(parts(one)[0] - parts(other)[0]) < 2e-4 and parts(one)[1] == parts(other)[1]
        for one, other in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("name", every_name())
def test_a_script_is_valid_and_names_the_right_weights(name):
    scope: dict = {}
    script = classify_code(name)
    compile(script, "script", "exec")
    imports = script.partition("weights = ")[0]
    exec(imports, scope)
    assert callable(scope[name])
    weights = eval(script.partition("weights = ")[2].partition("\n")[0], scope)
    assert str(weights) == str(weights_of(name))


@pytest.mark.parametrize("crops", CROPS)
@pytest.mark.parametrize("mean", ["probabilities", "logits"])
def test_every_choice_of_views_is_valid(crops, mean):
    compile(classify_code("vit_b_16", crops=crops, mean=mean), "script", "exec")


@needs_weights(REAL)
def test_one_picture_without_the_lab(tmp_path):
    script = classify_code(REAL, k=3, photos=["my 'cat'.png"])
    sample("cat").save(tmp_path / "my 'cat'.png")
    (tmp_path / "script.py").write_text(script)
    run = subprocess.run(
        [sys.executable, "-W", "error", "script.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.stderr == ""
    assert run.stdout.splitlines() == lines(ask(sample("cat"), REAL).probabilities, 3)


@needs_weights(REAL)
def test_a_temperature(printed):
    script = classify_code(REAL, k=20, temperature=2.5, photos=["cat.png"])
    logits = ask(sample("cat"), REAL).logits.astype(float)
    expected = lines(softmax(logits, temperature=2.5), 20)
    assert nearly(printed(script, cat=sample("cat")), expected)


@needs_weights(REAL)
@pytest.mark.parametrize(
    ("crops", "mean"),
    [("Middle and mirrored", "probabilities"), ("Ten crops", "logits"), ("Five crops", "logits")],
)
def test_several_views(printed, crops, mean):
    script = classify_code(REAL, k=4, crops=crops, mean=mean, photos=["cat.png"])
    logits, _ = ask_views(sample("cat"), REAL, crops=crops)
    expected = lines(combine(logits, mean=mean), 4)
    assert nearly(printed(script, cat=sample("cat")), expected)


@needs_weights(REAL)
def test_several_pictures(printed):
    script = classify_code(REAL, k=1, photos=["cat.png", "coffee.png"])
    found = printed(script, cat=sample("cat"), coffee=sample("coffee"))
    one, other = (lines(ask(sample(n), REAL).probabilities, 1) for n in ("cat", "coffee"))
    assert found == ["cat.png", *one, "coffee.png", *other]


@needs_weights(REAL)
def test_several_networks(printed):
    script = classify_code(REAL, OWN, REAL, k=2, photos=["cat.png"])
    expected = [REAL, *lines(ask(sample("cat"), REAL).probabilities, 2)]
    assert printed(script, cat=sample("cat")) == expected * 2
    assert OWN in script


def test_the_labs_own_network(printed):
    digit, labels = sample_digit("digit-7-1"), categories(OWN)
    plain = classify_code(OWN, k=10, photos=["seven.png"])
    assert printed(plain, seven=digit) == lines(ask(digit, OWN).probabilities, 10, labels)
    mirrored = classify_code(OWN, k=10, crops="Middle and mirrored", photos=["seven.png"])
    logits, _ = ask_views(digit, OWN, crops="Middle and mirrored")
    assert nearly(printed(mirrored, seven=digit), lines(combine(logits), 10, labels))


def test_what_cannot_be_written_is_refused():
    for k in (0, 11):
        with pytest.raises(InputError, match="k must be at"):
            classify_code(REAL, OWN, k=k)
    with pytest.raises(InputError, match="at least one network and one photo"):
        classify_code(k=3)
    with pytest.raises(InputError, match="at least one network and one photo"):
        classify_code(REAL, photos=[])
    with pytest.raises(InputError, match="crops must be one of"):
        classify_code(REAL, crops="all")
    with pytest.raises(InputError, match="did you mean"):
        classify_code("resnet-18")
