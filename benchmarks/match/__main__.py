"""`make bench-match`: the index of all listeners, at 10 thousand, 100 thousand and a million."""

from __future__ import annotations

import argparse
import multiprocessing
import time
from importlib.metadata import version

from benchmarks.match.case import Figures, measure
from benchmarks.match.hostile import slowest_ms
from benchmarks.support import Figure, report

#: Numbers of listeners.
SIZES = (10_000, 100_000, 1_000_000)
#: Mixes of filters that are measured at every size.
MIXES = ("equality", "full", "arrays")
#: Mixes of one kind on one field, measured at 100,000.
SPECIAL = {"ranges": "100 k ranges on one field", "texts": "100 k `Contains` on one field"}


def main() -> None:
    """Measure each case in a process of its own, then report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.match", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of listeners")
    parser.add_argument("--mixes", nargs="+", default=MIXES, choices=MIXES)
    options = parser.parse_args()
    began = time.monotonic()
    figures: list[Figure] = []
    for mix in options.mixes:
        cases = {size: _apart(mix, size) for size in options.sizes}
        for size, case in cases.items():
            figures += [_figure(f"{mix}, {size:,}", name, value) for name, value in case.items()]
        figures += _ratios(mix, cases)
    for mix, title in SPECIAL.items():
        case = _apart(mix, 100_000)
        figures += [_figure(title, name, case[name]) for name in ("median us", "p99 us", "build s")]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        hostile = pool.apply(slowest_ms)
    title = "10 k unkind expressions, strings up to 1 MiB: slowest event"
    figures.append(Figure(title, hostile, "ms"))
    packages = ("google-re2", "ahocorasick-rs", "pydantic-core")
    took_s = time.monotonic() - began
    report("match", figures, took_s, **{package: version(package) for package in packages})


def _apart(mix: str, size: int) -> Figures:
    """Measure a case in a fresh process, so that memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (mix, size))


def _figure(title: str, name: str, value: float) -> Figure:
    """Make a figure of a name that ends with its unit, or has none."""
    words = name.split()
    for unit in ("us", "ms", "s"):
        if unit in words:
            rest = " ".join(word for word in words if word != unit)
            return Figure(f"{title}: {rest}", value, unit)
    return Figure(f"{title}: {name}", value, "B" if name.startswith("bytes") else "")


def _ratios(mix: str, cases: dict[int, Figures]) -> list[Figure]:
    """Compare sizes with one another, and the index with trying every filter."""
    least, most = min(cases), max(cases)
    growth = cases[most]["median us"] / cases[least]["median us"]
    ratios = [Figure(f"{mix}: median at {most:,} over {least:,}", growth, "x")]
    for size, case in cases.items():
        speedup = case["linear scan us"] / case["median us"]
        ratios.append(Figure(f"{mix}, {size:,}: speed-up over a linear scan", speedup, "x"))
    return ratios


if __name__ == "__main__":
    main()
