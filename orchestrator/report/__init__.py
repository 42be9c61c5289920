"""The self-contained HTML report of a diagnosis."""

from wardround.orchestrator.report.build import report_html, write_report
from wardround.orchestrator.report.pictures import PictureLayer, Pictures

__all__ = ["PictureLayer", "Pictures", "report_html", "write_report"]
