"""One lesion from a click or a box: what is outlined, and what is said where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
from lesion_models import spot_finder, spotted
from numpy.typing import NDArray

from wardround.agents.lesions.data.synthetic import small_lesions
from wardround.agents.lesions.refine import Prompt, refine_boxes, refine_lesion
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import PixelBox


def _dice(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    a, b = one.astype(bool), other.astype(bool)
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.parametrize("wide", [5.0, 9.0, 18.0, 40.0])
def test_a_click_beside_the_middle_outlines_the_lesion_and_lies_in_it(wide: float) -> None:
    film, masks = spotted((80.0, 120.0, wide), (140.0, 60.0, 12.0))
    click = (80.0 + 0.2 * wide, 120.0 - 0.2 * wide)
    found = refine_lesion(spot_finder(), film, 0.5, Prompt(click=click))
    (lesion,) = found.report.lesions
    assert found.masks[0][round(click[1]), round(click[0])] == 1
    assert _dice(found.masks[0], masks[0]) > 0.8
    assert int(found.masks.sum()) == lesion.area_px and not found.report.warnings
    assert lesion.diameter_mm == pytest.approx(0.5 * lesion.diameter_px)
    assert not (found.masks[0].astype(bool) & masks[1]).any()


def test_an_outline_stays_in_its_box_grown_by_a_little_and_follows_the_lesion() -> None:
    film, masks = spotted((80.0, 120.0, 20.0), (98.0, 120.0, 12.0))
    box = PixelBox(left=69, top=109, width=23, height=23)
    found = refine_lesion(spot_finder(), film, None, Prompt(box=box))
    rows, columns = np.nonzero(found.masks[0])
    assert rows.min() >= 109 - 5 and rows.max() <= 131 + 5 and columns.min() >= 69 - 5 and columns.max() <= 91 + 5
    assert _dice(found.masks[0], masks[0]) > 0.85
    assert found.report.lesions[0].diameter_mm is None


def test_boxes_on_phantoms_are_outlined_better_than_by_their_ellipses() -> None:
    ours, ellipses = [], []
    for sample in small_lesions(6, size=192, seed=77):
        rows, columns = np.nonzero(sample.mask)
        if not rows.size or np.ptp(rows) > 40 or np.ptp(columns) > 40:
            continue  # one lesion, or none: a box around several is no prompt
        left, top = int(columns.min()) - 2, int(rows.min()) - 2
        box = PixelBox(left=left, top=top, width=int(np.ptp(columns)) + 5, height=int(np.ptp(rows)) + 5)
        found = refine_lesion(spot_finder(), sample.image, None, Prompt(box=box))
        down, across = np.mgrid[: sample.mask.shape[0], : sample.mask.shape[1]]
        off = ((across - columns.mean()) / (box.width / 2)) ** 2 + ((down - rows.mean()) / (box.height / 2)) ** 2
        ours.append(_dice(found.masks[0], sample.mask))
        ellipses.append(_dice(off <= 1.0, sample.mask))
    assert ours and np.mean(ours) > np.mean(ellipses)


def test_where_the_model_sees_nothing_the_best_outline_comes_with_a_warning() -> None:
    film, _ = spotted((80.0, 120.0, 10.0))
    found = refine_lesion(spot_finder(), film, 0.5, Prompt(click=(150.0, 200.0)))
    assert found.masks[0][200, 150] == 1 and found.report.lesions[0].peak < 0.5
    assert any("sees no Nodule there" in one for one in found.report.warnings)


@pytest.mark.parametrize("click", [(0.0, 0.0), (199.0, 239.0), (0.0, 120.0)])
def test_a_click_on_the_film_s_edge_is_answered(click: tuple[float, float]) -> None:
    film, _ = spotted((80.0, 120.0, 10.0))
    found = refine_lesion(spot_finder(), film, None, Prompt(click=click))
    assert found.masks[0][round(click[1]), round(click[0])] == 1


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (Prompt(), "exactly one"),
        (Prompt(click=(1.0, 1.0), box=PixelBox(left=0, top=0, width=9, height=9)), "exactly one"),
        (Prompt(click=(200.0, 10.0)), "outside the image"),
        (Prompt(click=(-3.0, 10.0)), "outside the image"),
        (Prompt(click=(float("nan"), 10.0)), "outside the image"),
        (Prompt(box=PixelBox(left=190, top=0, width=20, height=9)), "leaves the image"),
        (Prompt(box=PixelBox(left=10, top=10, width=0, height=9)), "empty"),
    ],
)
def test_a_prompt_that_names_no_place_is_refused_with_what_to_do(prompt: Prompt, said: str) -> None:
    film, _ = spotted()
    with pytest.raises(CallerError) as refused:
        refine_lesion(spot_finder(), film, None, prompt)
    assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert said in refused.value.problem.message and refused.value.problem.hint


def test_several_boxes_are_several_lesions_in_their_order() -> None:
    film, masks = spotted((80.0, 120.0, 16.0), (140.0, 60.0, 8.0))
    boxes = [PixelBox(left=134, top=54, width=13, height=13), PixelBox(left=70, top=110, width=21, height=21)]
    found = refine_boxes(spot_finder(), film, None, boxes)
    assert [one.number for one in found.report.lesions] == [1, 2]
    assert _dice(found.masks[0], masks[1]) > 0.8 and _dice(found.masks[1], masks[0]) > 0.8
