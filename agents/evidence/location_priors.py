"""Whether a finding usually lies where its heat map puts it: a small, bounded term that serves as a sanity check.

The counts are of PadChest's sentence-level locations (physicians' annotation of frontal films, one hospital), made by
`recipe/make_location_priors.py`. The term is WEIGHT times the logarithm of how often the finding lies in the region
over how often a finding lies there, the mean of all findings' shares, clipped to +-BOUND. It is our formulation and no
likelihood ratio: where a heat map lies when the finding is absent is not known. The region counts in two steps, since
many sentences name a lung and no zone: lung, heart, mediastinum or outside; then the zone within the lung. Each share
is drawn towards the mean share as the posterior mean of a Dirichlet prior that weighs PSEUDO_SENTENCES sentences
(Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.4). The side does not enter: findings have no clear side.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from wardround.contracts.anatomy import Region

__all__ = ["BOUND", "PSEUDO_SENTENCES", "TABLE_NAME", "WEIGHT", "location_term"]

TABLE_NAME = "location_priors.csv"
WEIGHT = 0.5  # chosen, not fitted: half of what the counts say, since a heat map is a poor witness of a place
BOUND = 0.5  # natural log-odds: a place alone never counts for more than odds of 1.6 to 1
PSEUDO_SENTENCES = 20.0
_ZONES = (Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE)
_ORGANS = (Region.LUNG, Region.HEART, Region.MEDIASTINUM, Region.OUTSIDE)

_Table = Mapping[str, Mapping[Region, float]]


def _shares(counts: Mapping[str, Mapping[Region, float]], places: tuple[Region, ...]) -> dict[str, dict[Region, float]]:
    """How many times as often as the mean finding each finding lies in each of the places."""
    totals = {finding: sum(found[place] for place in places) for finding, found in counts.items()}
    known = [finding for finding, total in totals.items() if total >= PSEUDO_SENTENCES]
    mean = {place: sum(counts[one][place] / totals[one] for one in known) / len(known) for place in places}
    return {
        finding: {
            place: (found[place] / mean[place] + PSEUDO_SENTENCES) / (totals[finding] + PSEUDO_SENTENCES)
            for place in places
            if mean[place] > 0
        }
        for finding, found in counts.items()
    }


@cache
def _ratios() -> _Table:
    organs: defaultdict[str, defaultdict[Region, float]] = defaultdict(lambda: defaultdict(float))
    zones: defaultdict[str, defaultdict[Region, float]] = defaultdict(lambda: defaultdict(float))
    with files(__package__).joinpath(TABLE_NAME).open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            region, number = Region(row["region"]), float(row["sentences"])
            organ = Region.LUNG if region in _ZONES else region
            organs[row["finding"]][organ] += number
            zones[row["finding"]][region] += number
    by_organ, by_zone = _shares(organs, _ORGANS), _shares(zones, _ZONES)
    return {
        finding: {
            **by_organ[finding],
            **{zone: by_organ[finding][Region.LUNG] * ratio for zone, ratio in by_zone[finding].items()},
        }
        for finding in organs
    }


def location_term(finding: str, region: Region) -> float:
    """The term for a finding (by the code table's label) in a region, in natural log-odds within +-BOUND.

    0 for a finding or a region that the table does not know. A place outside the chest is never a point in favour:
    what the reports place there (in an armpit, in the neck) is hardly what a model of chest findings sees there.
    """
    ratio = _ratios().get(finding, {}).get(region)
    if ratio is None or ratio <= 0:
        return 0.0
    return max(-BOUND, min(0.0 if region is Region.OUTSIDE else BOUND, WEIGHT * math.log(ratio)))
