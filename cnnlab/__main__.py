"""Commands for the shell: python -m cnnlab weights list, python -m cnnlab weights pull resnet18."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 if all went well.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``python -m cnnlab``; those of the shell if left out.

    Returns
    -------
    int
        0 for success, 1 for a failure that was reported, 130 after Ctrl-C.

    Examples
    --------
    >>> main(["weights", "pull", "resnet-18"])
    1
    """
    parser, weights_parser = _parsers()
    chosen = parser.parse_args(arguments)
    try:
        if chosen.group is None:
            parser.print_help()
        elif chosen.action is None:
            weights_parser.print_help()
        elif chosen.action == "list":
            _list(cached_only=chosen.cached)
        else:
            return _pull(chosen.names)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `... list | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _parsers() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab", description="Commands around CNN Lab.", allow_abbrev=False
    )
    groups = parser.add_subparsers(dest="group", title="commands", metavar="")
    help_text = "pretrained weights: what there is, what is here, fetch some"
    weights = groups.add_parser("weights", help=help_text, description=help_text)
    actions = weights.add_subparsers(dest="action", title="commands", metavar="")
    listing = actions.add_parser("list", help="size, cost and accuracy of each network")
    listing.add_argument("--cached", action="store_true", help="only those on this computer")
    pull = actions.add_parser("pull", help="download the weights of one or more networks")
    pull.add_argument("names", nargs="+", metavar="NAME", help="for example resnet18")
    return parser, weights


def _list(*, cached_only: bool) -> None:
    from cnnlab import catalogue, weights  # loading torch takes seconds: not for the help

    here = weights.cached_names()
    print(f"{'name':<20}{'M params':>10}{'G MACs':>10}{'acc@1 %':>10}{'file MB':>10}  here")
    for name in catalogue.every_name():
        if cached_only and name not in here:
            continue
        facts = catalogue.facts(name)
        print(
            f"{name:<20}{facts.n_params / 1e6:>10.2f}{facts.macs / 1e9:>10.3f}{facts.acc1:>10.2f}"
            f"{facts.file_bytes / 1e6:>10.1f}  {'yes' if name in here else 'no'}"
        )
    print(f"\nFolder: {weights.cached_path('resnet18').parent}")


def _pull(names: Sequence[str]) -> int:
    from cnnlab import weights
    from cnnlab.checks import InputError

    status = 0
    for name in names:
        try:
            there = weights.is_cached(name)
            path = weights.pull(name, report=_progress_line(name))
        except InputError as error:
            print(f"{_clear()}{name}: {error}", file=sys.stderr)
            status = 1
        else:
            print(f"{_clear()}{name}: {'already here' if there else 'fetched'}, {path}")
    return status


def _progress_line(name: str) -> Callable[[int, int | None], None]:
    """Return a report function that rewrites one line on a terminal, at most once a percent."""
    last = -1

    def report(done: int, total: int | None) -> None:
        nonlocal last
        step = done * 100 // total if total else done // 1_000_000
        if step != last and sys.stdout.isatty():
            last = step
            size = f" of {total / 1e6:.1f} MB, {step} %" if total else " MB"
            print(f"{_clear()}{name}: {done / 1e6:.1f}{size}", end="", flush=True)

    return report


def _clear() -> str:
    """Return what takes a terminal back to the start of an empty line."""
    return "\r\x1b[K" if sys.stdout.isatty() else ""


if __name__ == "__main__":
    sys.exit(main())
