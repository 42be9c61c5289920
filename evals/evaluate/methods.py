"""Which kinds of heat map a detector has, and those of them that are asked for by name."""

from __future__ import annotations

from collections.abc import Mapping

from wardround.agents.cxr.bundled import RegionDetector
from wardround.agents.cxr.detector import Detector
from wardround.agents.cxr.heat_maps import heat_maps
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.locate import OWN, DetectorMaps, HeatMaps

__all__ = ["ALL", "all_methods", "named_methods"]

ALL = "all"


def all_methods(detector: Detector) -> dict[str, HeatMaps]:
    """The detector's own map first, then what else can be made of it: only a `RegionDetector` has more than its own."""
    others: Mapping[str, HeatMaps] = heat_maps(detector) if isinstance(detector, RegionDetector) else {}
    return {OWN: DetectorMaps(detector), **others}


def named_methods(detector: Detector, wanted: str) -> dict[str, HeatMaps]:
    """The methods in a list separated by commas, in its order, each once; 'all' for all that the detector has.

    Raises:
        CallerError: BAD_ARGUMENT, the detector has no such method, or none is named; those that it has are named.
    """
    known = all_methods(detector)
    names = [word.strip().casefold() for word in wanted.split(",") if word.strip()]
    unknown = next((name for name in names if name not in (*known, ALL)), None)
    if unknown is not None or not names:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{detector.source.model}' has no heat map called '{unknown[:60]}'."
            if unknown is not None
            else "No kind of heat map is named.",
            f"Its methods, for --methods, separated by commas, or '{ALL}': {', '.join(known)}.",
        )
    return known if ALL in names else {name: known[name] for name in names}
