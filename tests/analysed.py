"""tools/analyze.py as its tests call it, and what they ask of its answers."""

import json

import jsonschema
import pytest
from moving_body import Timing, lift, seen_by

from lib.analysis.report import SCHEMA_FILE
from tools import analyze

SCHEMA = json.loads(SCHEMA_FILE.read_text())
MADE = {"report.json", "reps.csv", "report.html"}
XYZ = seen_by(lift("squat", [Timing()] * 3, 30)[0], 60, 5)
"""Three squats at 30 fps."""


def runner(folder, capsys):
    """Calls analyze.py on a file in the folder; that returns code, stdout, stderr."""

    def call(name, *flags, out="out"):
        code = analyze.main([str(folder / name), "-o", str(folder / out), *flags])
        return (code, *capsys.readouterr())

    return call


def report_in(folder):
    """report.json, which is valid under its schema, formats included."""
    report = json.loads((folder / "report.json").read_text(), parse_constant=pytest.fail)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(SCHEMA, format_checker=checker).validate(report)
    assert {path.name for path in folder.iterdir()} >= MADE
    return report


def counts(report):
    return [one_set["count"]["total"] for one_set in report["sets"]]


def refused(outcome, folder, *texts):
    code, _, complaint = outcome
    assert code == 2 and complaint.startswith("error: ") and complaint.count("\n") == 1, complaint
    assert all(text in complaint for text in texts), complaint
    assert not folder.exists() or not list(folder.iterdir())
