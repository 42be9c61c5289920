"""The Indiana reports are read where they are, without torch; none of their words stands in these tests."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from functools import cache

import pytest

from wardround.agents.cases.loaders.indiana import INDIANA_REPORTS, findings_of, indiana_cases, report_case
from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.codes import finding_codes
from wardround.contracts.errors import CallerError, ProblemCode

_REPORT = """<eCitation><uId id="CXR99999"/><AbstractText Label="INDICATION">{indication}</AbstractText>
<AbstractText Label="FINDINGS">A made-up opacity.</AbstractText>
<AbstractText Label="IMPRESSION">Made up &amp; short.</AbstractText>
<MeSH><major>Opacity/lung/base/left</major><major>Nodule/thorax</major><automatic>ignored</automatic></MeSH></eCitation>
"""


@cache
def _all() -> tuple[Case, ...]:
    return tuple(indiana_cases())


def test_all_reports_are_there_each_with_its_origin_and_licence() -> None:
    cases = _all()
    assert len(cases) == len({case.case_id for case in cases}) == INDIANA_REPORTS
    assert all(case.licence == "CC BY-NC-ND 4.0" and case.trust is CaseTrust.VALIDATED for case in cases)
    assert all(case.case_id.removeprefix("iu:") in case.provenance for case in cases)
    assert not any(case.synthetic for case in cases)


def test_film_findings_are_words_of_the_code_table_and_normal_excludes_all_others() -> None:
    counts = Counter(label for case in _all() for label in case.findings)
    assert set(counts) <= set(finding_codes())
    assert counts["No Finding"] == 1391 and counts["Cardiomegaly"] > 300 and counts["Effusion"] > 150
    assert all(case.findings == ("No Finding",) for case in _all() if "No Finding" in case.findings)
    assert all("No Indexing" not in case.diagnoses for case in _all())


def test_where_nothing_was_indicated_or_reported_the_fields_stay_empty() -> None:
    assert sum(not case.chief_complaint for case in _all()) == 90
    bare = [case for case in _all() if not case.image_report]
    assert len(bare) == 28 and not any(case.auxiliary_examination for case in bare)


def test_no_term_of_the_index_stands_in_a_compared_text() -> None:
    assert not any("/lung/" in f"{case.chief_complaint}{case.image_report}" for case in _all())


def test_reading_the_reports_loads_neither_torch_nor_the_package_that_holds_them() -> None:
    program = (
        "import sys\nfrom wardround.agents.cases.loaders.indiana import indiana_cases\nnext(indiana_cases())\n"
        "print(sorted({'torch', 'torchxrayvision'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.strip() == "[]"


def test_a_report_becomes_a_case() -> None:
    case = report_case(_REPORT.format(indication="XXXX-year-old woman, made-up cough"))
    assert case.case_id == "iu:CXR99999"
    assert case.patient.age_years is None and case.patient.sex == "F"
    assert case.image_report == "A made-up opacity.\nMade up & short." == case.auxiliary_examination["X-ray"]
    assert case.diagnoses == ("Opacity/lung/base/left", "Nodule/thorax")
    assert case.findings == ("Lung Opacity",)
    assert case.department == ""


@pytest.mark.parametrize(
    ("terms", "findings"),
    [
        (("normal",), ("No Finding",)),
        (("Hydropneumothorax/left",), ("Effusion", "Pneumothorax")),
        (("Subcutaneous Emphysema", "Mediastinal Emphysema"), ()),
        (("Cardiac Shadow/enlarged", "Cardiomegaly/mild"), ("Cardiomegaly",)),
        (("Nodule/lung/upper lobe/right", "Mass/breast"), ("Nodule",)),
        (("No Indexing",), ()),
        ((), ()),
    ],
)
def test_terms_of_the_index_are_brought_to_film_findings(terms: tuple[str, ...], findings: tuple[str, ...]) -> None:
    assert findings_of(terms) == findings


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><eCitation><uId id="CXR1"/></eCitation>',
        '<eCitation><uId id="CXR1"/>',
        '<eCitation><uId id="../../etc"/></eCitation>',
        "<eCitation/>",
        "",
    ],
)
def test_what_is_no_report_is_refused(xml: str) -> None:
    with pytest.raises(CallerError) as refused:
        report_case(xml)
    assert refused.value.problem.code is ProblemCode.DAMAGED_FILE


def test_a_report_that_is_far_too_long_is_refused_by_its_number() -> None:
    with pytest.raises(CallerError) as refused:
        report_case(_REPORT.format(indication="long " * 10_000))
    assert "CXR99999" in refused.value.problem.message and "chief_complaint" in refused.value.problem.message
    assert "long long" not in str(refused.value.problem)
