"""A run's report as one HTML file that asks nobody for anything."""

from __future__ import annotations

from markupsafe import Markup

from flows.report.content import RunReport
from flows.review import shell


def html(report: RunReport) -> str:
    """Write the report. Names and messages are strangers' text: the template escapes all of it."""
    style = shell.asset("look.css", "report.css")
    return (
        shell.templates()
        .get_template("report.html")
        .render(
            report=report,
            policy=shell.policy(style, "", served=False),
            style=Markup(style),  # noqa: S704 - our own file
        )
    )
