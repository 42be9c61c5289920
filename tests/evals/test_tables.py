"""A folder of films is read as it is meant, and a wrong one is told what it lacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wardround.contracts.anatomy import Structure
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.tables import Row, Table, read_table
from wardround.evals.evaluate.truth import truth_of

_HEAD = "id,file,dataset,labels,view,patient,width,height,annotations\n"


def _table(folder: Path, *lines: str) -> Table:
    (folder / "labels.csv").write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return read_table(folder)


def test_rows_keep_words_view_patient_and_boxes_as_fractions(phantoms: Path) -> None:
    table = read_table(phantoms)
    assert len(table.rows) == 12
    first, second = table.rows[:2]
    assert (first.words, first.view, first.patient, first.line) == (("Effusion",), "PA", "p0", 2)
    (box,) = first.boxes
    assert box.label == "Pleural effusion"
    assert 0.5 < box.left < 1.0 and 0.3 < box.top < 1.0
    assert box.holds(box.left + box.width / 2, box.top + box.height / 2) and not box.holds(0.99, 0.01)
    assert second.boxes == ()


def test_films_and_masks_come_as_the_models_take_them(phantoms: Path) -> None:
    table = read_table(phantoms)
    film = table.film(table.rows[0])
    assert film.shape == (256, 256) and film.dtype == np.float32 and 0.0 <= film.min() < film.max() <= 1.0
    mask = table.mask(table.rows[0], Structure.HEART, (64, 128))
    assert mask is not None and mask.shape == (64, 128) and 0.01 < mask.mean() < 0.3


def test_a_data_set_is_chosen_by_the_beginning_of_its_name_and_an_unknown_one_names_what_there_is(
    phantoms: Path,
) -> None:
    table = read_table(phantoms)
    assert len(table.of("phant", 5).rows) == 5
    with pytest.raises(CallerError) as caught:
        table.of("NIH")
    assert caught.value.problem.code is ProblemCode.NOT_FOUND
    assert "Phantoms" in str(caught.value.problem)


def test_a_missing_folder_and_a_missing_table_say_what_is_needed(tmp_path: Path) -> None:
    for folder, word in ((tmp_path / "nowhere", "folder"), (tmp_path, "labels.csv")):
        with pytest.raises(CallerError) as caught:
            read_table(folder)
        assert word in str(caught.value.problem) and str(tmp_path) not in str(caught.value.problem)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("id,file,dataset,labels,view\n1,a.png,X,,PA\n", encoding="utf-8")
    with pytest.raises(CallerError, match="patient"):
        read_table(tmp_path)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("1,images/a.png,X,Mass,PA,,64,64,", "patient"),
        ("1,../a.png,X,Mass,PA,p1,64,64,", "outside"),
        ("1,/etc/a.png,X,Mass,PA,p1,64,64,", "outside"),
        ("../1,a.png,X,Mass,PA,p1,64,64,", "outside"),
        ('1,a.png,X,Mass,PA,p1,64,64,"{""boxes"": [[""Mass"", 1]]}"', "boxes"),
        ('1,a.png,X,Mass,PA,p1,,,"{""boxes"": [[""Mass"", 1, 1, 2, 2]]}"', "boxes"),
        ("1,a.png,X,Mass,PA,p1,64,64,not json", "boxes"),
    ],
)
def test_a_wrong_row_is_told_by_its_line(tmp_path: Path, line: str, word: str) -> None:
    with pytest.raises(CallerError, match="Line 2") as caught:
        _table(tmp_path, line)
    assert word in str(caught.value.problem) and "p1" not in str(caught.value.problem)


def test_a_film_that_is_not_there_is_told_by_its_line(tmp_path: Path) -> None:
    table = _table(tmp_path, "1,images/a.png,X,Mass,PA,p1,64,64,")
    with pytest.raises(CallerError, match="line 2"):
        table.film(table.rows[0])


def test_a_damaged_mask_is_told(tmp_path: Path) -> None:
    table = _table(tmp_path, "1,images/a.png,X,Mass,PA,p1,64,64,")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "1.heart.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(CallerError, match="heart"):
        table.mask(table.rows[0], Structure.HEART)


def _row(dataset: str, *words: str) -> Row:
    return Row("1", "a.png", dataset, words, "PA", "p", 2)


@pytest.mark.parametrize(
    ("dataset", "words", "positive", "known"),
    [
        ("NIH ChestX-ray14", ("Effusion", "Mass"), {"Effusion"}, {"Effusion", "Pneumonia", "No Finding"}),
        ("NIH ChestX-ray14", ("No Finding",), {"No Finding"}, {"Effusion", "Pneumonia", "No Finding"}),
        ("Kermany pediatric", ("Pneumonia", "Viral pneumonia"), {"Pneumonia"}, {"Pneumonia", "No Finding"}),
        ("Kermany pediatric", ("No Finding",), {"No Finding"}, {"Pneumonia", "No Finding"}),
        ("Hannover COVID-19", ("COVID-19",), {"Pneumonia"}, {"Pneumonia", "No Finding"}),
        ("ieee8023 covid-chestxray", ("Unlabelled",), set(), set()),
        ("ieee8023 covid-chestxray", ("ARDS",), set(), set()),
        ("JSRT", ("No Finding",), {"No Finding"}, {"No Finding"}),
        ("a user's own", ("pleural effusion",), {"Effusion"}, {"Effusion", "Pneumonia", "No Finding"}),
    ],
)
def test_a_sets_words_decide_what_they_can_decide(
    dataset: str, words: tuple[str, ...], positive: set[str], known: set[str]
) -> None:
    labels = ("Effusion", "Pneumonia", "No Finding")
    truth = truth_of([_row(dataset, *words)], labels)
    assert {label for label, there in zip(labels, truth.positive[0], strict=True) if there} == positive
    assert {label for label, there in zip(labels, truth.known[0], strict=True) if there} == known
