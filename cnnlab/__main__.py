"""Commands for the shell: python -m cnnlab weights list, pull, verify, prune."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cnnlab.checks import InputError

if TYPE_CHECKING:
    from cnnlab.weight_files import Found

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
        else:
            status: int = chosen.run(chosen)
            sys.stdout.flush()
            return status
        sys.stdout.flush()
    except InputError as error:
        print(f"{_clear()}{error}", file=sys.stderr)
        return 1
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
    listing.add_argument("--family", metavar="NAME", help="only this family, for example resnet")
    listing.add_argument("--max-mb", type=float, metavar="MB", help="only files up to this size")
    listing.add_argument("--cached", action="store_true", help="only those on this computer")
    listing.add_argument("--versions", action="store_true", help="every version of the weights")
    listing.set_defaults(run=_list)
    pull = actions.add_parser("pull", help="download the weights of one or more networks")
    pull.add_argument("names", nargs="+", metavar="NAME", help="for example resnet18")
    pull.set_defaults(run=_pull)
    says = "compare every file that is here with torchvision's sum; 1 if one is damaged"
    actions.add_parser("verify", help=says, description=says).set_defaults(run=_verify)
    says = "remove files that are damaged, unfinished, or unknown to torchvision, after asking"
    prune = actions.add_parser("prune", help=says, description=says)
    how = prune.add_mutually_exclusive_group()
    how.add_argument("--yes", action="store_true", help="do not ask")
    how.add_argument("--dry-run", action="store_true", help="only say what would go")
    prune.add_argument(
        "--keep-unknown", action="store_true", help="leave files that torchvision does not know"
    )
    prune.set_defaults(run=_prune)
    return parser, weights


def _list(chosen: argparse.Namespace) -> int:
    from cnnlab.families import family_of
    from cnnlab.weight_files import folder, state_of
    from cnnlab.weight_table import weight_table

    only = _family(chosen.family)
    columns = f"{'M params':>10}{'G MACs':>10}{'acc@1 %':>10}{'file MB':>10}  here"
    version = f"{'version':<26}" if chosen.versions else ""
    print(f"{'name':<20}{version}{'family':<16}year{columns}")
    for entry in weight_table():
        family, state = family_of(entry.name), state_of(entry)
        if not (chosen.versions or entry.recommended) or only not in (None, family):
            continue
        if chosen.max_mb is not None and entry.file_bytes > chosen.max_mb * 1e6:
            continue
        if chosen.cached and state == "missing":
            continue
        accuracy = "none" if entry.acc1 is None else f"{entry.acc1:.2f}"
        here = {"here": "yes", "missing": "no", "damaged": "damaged: its size is wrong"}[state]
        print(
            f"{entry.name:<20}{f'{entry.version:<26}' if chosen.versions else ''}"
            f"{family.title:<16}{family.year:>4}{entry.n_params / 1e6:>10.2f}"
            f"{entry.macs / 1e9:>10.3f}{accuracy:>10}{entry.file_bytes / 1e6:>10.1f}  {here}"
        )
    print(f"\nFolder: {folder()}")
    return 0


def _family(title: str | None) -> object:
    """Return the family that a learner names, in large or small letters; None for all."""
    import difflib

    from cnnlab.families import FAMILIES

    if title is None:
        return None
    plain = {family.title.lower().replace(" ", ""): family for family in FAMILIES}
    wanted = title.lower().replace(" ", "").replace("-", "").replace("_", "")
    if wanted not in plain:
        near = difflib.get_close_matches(wanted, plain, n=3) or plain
        titles = ", ".join(plain[key].title for key in near)
        raise InputError(f"there is no family called {title!r}; choose among {titles}")
    return plain[wanted]


def _pull(chosen: argparse.Namespace) -> int:
    from cnnlab import weights

    status = 0
    for name in chosen.names:
        try:
            there = weights.is_cached(name)
            path = weights.pull(name, report=_progress_line(name))
        except InputError as error:
            print(f"{_clear()}{name}: {error}", file=sys.stderr)
            status = 1
        else:
            print(f"{_clear()}{name}: {'already here' if there else 'fetched'}, {path}")
    return status


def _verify(_chosen: argparse.Namespace) -> int:
    from cnnlab import weight_files

    found = _look_at_all()
    for one in found:
        print(_line(one))
    bad = [one for one in found if one.verdict in ("damaged", "unreadable")]
    good = sum(one.verdict == "good" for one in found)
    print(f"\n{good} good, {len(bad)} damaged, {len(found) - good - len(bad)} others")
    print(f"Folder: {weight_files.folder()}")
    return 1 if bad else 0


def _prune(chosen: argparse.Namespace) -> int:
    from cnnlab import weight_files

    going = [
        one
        for one in weight_files.leftovers(_look_at_all())
        if not (chosen.keep_unknown and one.verdict == "unknown")
    ]
    if not going:
        print(f"nothing to remove in {weight_files.folder()}")
        return 0
    for one in going:
        print(_line(one))
    count = "1 file" if len(going) == 1 else f"{len(going)} files"
    total = f"{count}, {sum(one.n_bytes for one in going) / 1e6:.1f} MB,"
    place = f"from {weight_files.folder()}"
    if chosen.dry_run:
        print(f"\nwould remove {total} {place}")
        return 0
    if not chosen.yes and not _agreed(f"\nRemove {total} {place}? [y/N] "):
        print("nothing was removed; --yes removes without asking")
        return 0
    status = 0
    for one in going:
        try:
            weight_files.remove(one)
        except InputError as error:
            print(error, file=sys.stderr)
            status = 1
        else:
            print(f"removed {_readable(one.path.name)}")
    return status


def _line(found: Found) -> str:
    size = f"({found.n_bytes / 1e6:.1f} MB)"
    return f"{found.verdict:<11} {_readable(found.path.name)}  {size}  {found.says}"


def _readable(name: str) -> str:
    """Return the name of a file without signs that would change the terminal."""
    return name if name.isprintable() else repr(name)


def _look_at_all() -> list[Found]:
    """Return what lies in the folder of weights, with a line of progress for each large file."""
    from cnnlab import weight_files

    lines: dict[str, Callable[[int, int | None], None]] = {}

    def report(name: str, done: int, size: int) -> None:
        lines.setdefault(name, _progress_line(name))(done, size)

    found = list(weight_files.verify(report))
    print(_clear(), end="")
    return found


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:  # nobody is there to answer
        print()
        return False


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
