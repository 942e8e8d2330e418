"""tools/compare_workouts.py: what is compared, what is not, and what the page says."""

import copy
import csv
import json
import os
import re
from xml.etree import ElementTree

import pytest
from analysed import SCHEMA, XYZ
from jsonschema import Draft202012Validator
from moving_body import as_pose

from lib.analysis.report import write_report
from lib.report.outcome import report_of
from lib.report.session import Session
from tools import compare_workouts


@pytest.fixture(scope="module")
def real():
    """Three squats of one set, in metres."""
    pose = as_pose(XYZ, unit="metre", scale_method="user_height", m_per_unit=1.0,
                   scale_sigma=0.04, height_m=1.75)  # fmt: skip
    return report_of(pose, Session("squat", (100.0,), "Anna", "2026-03-14T18:30:00+01:00"))


@pytest.fixture
def compare(tmp_path, capsys):
    def run(*names, out="trends.html"):
        code = compare_workouts.main(
            [*(str(tmp_path / n) for n in names), "-o", str(tmp_path / out)]
        )
        return (code, *capsys.readouterr())

    return run


def save(folder, place, report, **athlete):
    report = copy.deepcopy(report)
    report["athlete"] |= athlete
    Draft202012Validator(SCHEMA).validate(report)
    (folder / place).mkdir()
    write_report(report, folder / place)
    return report


def test_a_table_of_something_else_is_not_overwritten(compare, tmp_path, real):
    save(tmp_path, "a", real)
    (tmp_path / "reps.csv").write_text("mine", encoding="utf-8")
    code, _, error = compare("a", out="reps.html")
    assert code == 2 and "reps.csv is there already" in error and error.count("\n") == 1
    assert (tmp_path / "reps.csv").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "reps.html").exists()
    for _ in range(2):  # its own table is
        assert compare("a")[0] == 0


def test_a_workouts_own_page_is_not_overwritten(compare, tmp_path, real):
    save(tmp_path, "a", real)
    page = tmp_path / "a" / "report.html"
    for content in ("<!doctype html><title>Squat: 3 full</title>", ""):
        page.write_text(content, encoding="utf-8")
        code, _, error = compare("a", out="a/report.html")
        assert code == 2 and "report.html: is there already" in error and error.count("\n") == 1
        assert page.read_text(encoding="utf-8") == content
        assert not (tmp_path / "a" / "report.csv").exists()


def at_loads(report, loads, speeds):
    """The report's set once a load, its velocity scaled."""
    report = copy.deepcopy(report)
    (one,) = report["sets"]
    report["sets"] = []
    for i, (load, speed) in enumerate(zip(loads, speeds, strict=True), 1):
        part = copy.deepcopy(one) | {"index": i, "load_kg": load}
        for rep in part["reps"]:
            rep["metrics"]["TV-02"] |= {"value": speed, "sigma": 0.03}
        report["sets"].append(part)
    return report


def rows(folder):
    return list(csv.DictReader((folder / "trends.csv").open(encoding="utf-8")))


def refused(outcome, folder, *texts):
    code, _, complaint = outcome
    assert code == 2 and complaint.startswith("error: ") and complaint.count("\n") == 1, complaint
    assert all(text in complaint for text in texts), complaint
    assert not list(folder.glob("trends*"))


def test_workouts_in_order_of_their_days(compare, tmp_path, real):
    days = {"c": "2026-03-02T09:00:00+01:00", "a": "2026-03-16T09:00:00+01:00",
            "b": "2026-03-09T23:30:00-05:00"}  # fmt: skip
    for name, day in days.items():
        save(tmp_path, name, real, recorded_at=day)
    code, said, _ = compare("c", "a", "b")
    assert code == 0 and "3 reports" in said and "do not say" not in said
    assert [row["report"].split("/")[-2] for row in rows(tmp_path)] == ["c", "b", "a"]
    first = rows(tmp_path)[0]
    (one,) = real["sets"]
    assert first["reps full"] == str(one["count"]["full"]) and first["load [kg]"] == "100"
    assert float(first["depth"]) == pytest.approx(
        sum(rep["metrics"]["SQ-01"]["value"] for rep in one["reps"]) / 3, rel=1e-3
    )
    assert first["velocity unit"] == "m/s" and 0.1 < float(first["velocity"]) < 2
    assert 0 < float(first["velocity sigma"]) < float(first["velocity"])
    page = (tmp_path / "trends.html").read_text(encoding="utf-8")
    assert [page.index(f">{day}<") for day in ("2 Mar", "9 Mar", "16 Mar")] == sorted(
        page.index(f">{day}<") for day in ("2 Mar", "9 Mar", "16 Mar")
    )


def test_workouts_of_one_day_are_told_apart(compare, tmp_path, real):
    times = {"a": "14T18:30", "b": "14T09:00", "c": "15T09:00"}
    for name, time in times.items():
        report = at_loads(real, [100 + ord(name)], [0.6])
        save(tmp_path, name, report, recorded_at=f"2026-03-{time}:00+01:00")
    assert compare(".")[0] == 0
    page = (tmp_path / "trends.html").read_text(encoding="utf-8")
    names = re.findall(r"<td>(\d+ Mar.*?) <small>(\w)/", page)
    assert names == [("14 Mar #1", "b"), ("14 Mar #2", "a"), ("15 Mar", "c")]
    assert "14 Mar #2</li>" in page and "15 Mar</li>" in page


def test_without_a_day_the_order_is_that_of_the_files_and_said(compare, tmp_path, real):
    save(tmp_path, "z", real)
    save(tmp_path, "a", real, recorded_at=None)
    _, said, _ = compare("z", "a")
    assert "1 of 2 reports do not say when" in said
    assert [row["report"].split("/")[-2] for row in rows(tmp_path)] == ["z", "a"]


def test_reports_without_a_name_are_one_person_and_it_is_said(compare, tmp_path, real):
    for name in "ab":
        report = save(tmp_path, name, real, recorded_at=f"2026-03-1{ord(name) - 90}T18:30:00+01:00")
        del report["athlete"]["name"]
        write_report(report, tmp_path / name)
    _, said, _ = compare("a", "b")
    assert "from 2 folders name no athlete" in said and {r["group"] for r in rows(tmp_path)} == {
        "1"
    }
    assert "one person" in (tmp_path / "trends.html").read_text()
    assert "name no athlete" not in compare("a")[1]
    save(tmp_path, "c", real)
    save(tmp_path, "d", real, recorded_at="2026-03-15T18:30:00+01:00")
    assert "name no athlete" not in compare("c", "d")[1]


def test_what_differs_is_never_on_one_axis(compare, tmp_path, real):
    save(tmp_path, "a", real)
    save(tmp_path, "b", real, name="Bo")
    relative = report_of(as_pose(XYZ), Session("squat", (100.0,), "Anna"))
    save(tmp_path, "c", relative)
    side = copy.deepcopy(real)
    side["frame"]["view"]["class"] = "front"
    save(tmp_path, "d", side)
    lift = copy.deepcopy(real)
    lift["exercise"]["name"] = "jump_squat"
    save(tmp_path, "e", lift)
    save(tmp_path, "f", real, recorded_at="2026-03-15T18:30:00+01:00")
    code, said, _ = compare(".")
    assert code == 0 and "Anna" in said
    assert (said.count(": 2 reports\n"), said.count(": 1 report\n")) == (1, 4)
    assert {row["group"] for row in rows(tmp_path)} == set("12345")
    assert [r["group"] for r in rows(tmp_path) if r["report"].split("/")[-2] in "af"] == ["1", "1"]
    for section in (tmp_path / "trends.html").read_text().split("<section>")[1:]:
        assert not ("thighs/s" in section and re.search(r"\d m/s|>m/s", section))


def test_a_load_velocity_line_with_its_limits(compare, tmp_path, real):
    report = at_loads(real, [80, 100, 120, 135], [0.73, 0.59, 0.44, 0.34])
    save(tmp_path, "a", report)
    assert compare("a")[0] == 0
    page = (tmp_path / "trends.html").read_text(encoding="utf-8")
    assert "Line through 4 sets" in page and "Helms et al. 2017" in page
    low, high = map(int, re.search(r"between (\d+) and (\d+) kg", page).groups())
    assert 135 <= low < 150 < high and "It cannot tell" in page
    for word in ("legal", "injury", "RPE"):
        assert word not in page


def test_how_far_beyond_the_loads_lifted_the_line_is_read(compare, tmp_path, real):
    """0.23 m/s is at 150 kg, however much of the interval lies below what was lifted."""
    for name, loads, beyond in (("a", [90, 110, 130], 15), ("b", [90, 110, 130, 145], 3)):
        save(tmp_path, name, at_loads(real, loads, [1.3 - 1.07 * load / 150 for load in loads]))
        assert compare(name)[0] == 0
        assert f"read {beyond}% beyond the heaviest" in (tmp_path / "trends.html").read_text()


@pytest.mark.parametrize(
    ("loads", "why"),
    [([80, 100], "there are 2"), ([100, 102, 104], "further apart"), ([None, None], "--load-kg")],
)
def test_no_load_velocity_line_and_why(compare, tmp_path, real, loads, why):
    save(tmp_path, "a", at_loads(real, loads, [0.7, 0.6, 0.5][: len(loads)]))
    compare("a")
    page = (tmp_path / "trends.html").read_text(encoding="utf-8")
    assert why in page and "heaviest single" not in page


def test_a_relative_velocity_gives_no_line(compare, tmp_path, real):
    report = at_loads(real, [80, 100, 120], [2.0, 1.5, 1.0])
    for part in report["sets"]:
        for rep in part["reps"]:
            rep["metrics"]["TV-02"]["unit"] = "femur/s"
    save(tmp_path, "a", report)
    compare("a")
    assert "true size is not known" in (tmp_path / "trends.html").read_text()


def test_the_page_is_whole_escaped_and_offline(compare, tmp_path, real):
    nasty = '"><script>alert(1)</script>&=cmd'
    report = copy.deepcopy(real)
    report["sets"][0]["reps"][0]["findings"] = [
        {"code": nasty, "severity": "warn", "metric": nasty, "frames": [], "joints": [], "text": ""}
    ]
    save(tmp_path, "a", report, name=nasty)
    save(tmp_path, "b", report, name="=1+1")
    assert compare(".")[0] == 0
    page = (tmp_path / "trends.html").read_text(encoding="utf-8")
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page and "prefers-color-scheme: dark" in page
    for drawing in re.findall(r"<svg [^>]*role=.*?</svg>", page, re.S):
        assert len(ElementTree.fromstring(drawing)) > 5 and "nan" not in drawing
    assert {row["athlete"] for row in rows(tmp_path)} == {nasty, "'=1+1"}
    assert "@media print" in page and "max-width: 44rem" in page


def test_many_workouts_and_loads(compare, tmp_path, real):
    for i in range(20):
        report = at_loads(real, [60 + i, 90 + i], [0.9, 0.7])
        save(tmp_path, f"w{i:02}", report, recorded_at=f"2026-03-{i + 1:02}T09:00:00+01:00")
    assert compare(".")[0] == 0
    page = (tmp_path / "trends.html").read_text(encoding="utf-8")
    assert "other loads" in page and page.count(">1 Mar<") < 10 and len(rows(tmp_path)) == 40


def test_one_report_and_one_without_reps_are_enough(compare, tmp_path, real):
    save(tmp_path, "a", real)
    code, said, _ = compare("a/report.json")
    assert code == 0 and ": 1 report\n" in said and "One workout: no trend yet." in said
    save(tmp_path, "none", real | {"sets": []})
    assert compare("none")[0] == 0
    assert "no repetition" in (tmp_path / "trends.html").read_text()
    assert rows(tmp_path)[0]["reps full"] == "0"
    page = (tmp_path / "trends.html").read_text()
    (chart,) = re.findall(r'<svg[^>]*"Repetitions".*?</svg>', page)
    assert re.findall(r'"end">(.*?)<', chart) == ["0", "1", "2", "3", "4"]


def test_the_same_report_twice_counts_once(compare, tmp_path, real):
    save(tmp_path, "a", real)
    save(tmp_path, "b", real)
    _, said, _ = compare("a", "b")
    assert "the same report as" in said and len(rows(tmp_path)) == 1


def test_a_folder_whose_name_is_no_unicode(compare, tmp_path, real):
    for name in (b"caf\xe9", b"t\xe9"):
        save(tmp_path, os.fsdecode(name), real)
    code, said, _ = compare(".")
    assert code == 0 and "caf\\udce9" in said
    assert "caf\\udce9" in (tmp_path / "trends.html").read_text(encoding="utf-8")
    assert "caf\\udce9" in rows(tmp_path)[0]["report"]


def test_findings_made_with_other_limits_are_told_apart(compare, tmp_path, real):
    save(tmp_path, "a", real)
    other = copy.deepcopy(real)
    other["generator"]["strictness"] = 2.0
    save(tmp_path, "b", other)
    assert "Limits of the exercise changed" in compare("a", "b")[1]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "no JSON"), ("[1, 2]", "no report"), ('{"a": 1}', "no report"),
        ('{"schema_version": "2.0.0", "sets": []}', "2.0.0"),
        ('{"schema_version": "1.0.0", "sets": 3}', "damaged"),
        ('{"schema_version": "1.0.0", "sets": []}', "damaged"), ("not json", "no JSON"),
    ],
)  # fmt: skip
def test_foreign_json_is_refused(compare, tmp_path, content, text):
    (tmp_path / "other.json").write_text(content)
    refused(compare("other.json"), tmp_path, "other.json", text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("sets", 0, "reps"), None), (("sets", 0, "load_kg"), "heavy"), (("frame", "view"), []),
        (("sets", 0, "reps", 0, "metrics", "SQ-01", "value"), "deep"), (("athlete",), "Anna"),
        (("athlete", "recorded_at"), "yesterday"), (("athlete", "recorded_at"), "2026-03-14"),
        (("units", "length"), 3), (("exercise", "name"), None), (("sets", 0, "count"), [1]),
    ],
)  # fmt: skip
def test_damaged_reports_are_refused(compare, tmp_path, real, path, value):
    report = copy.deepcopy(real)
    place = report
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (tmp_path / "report.json").write_text(json.dumps(report))
    refused(compare("report.json"), tmp_path, "report.json", "damaged")


def test_no_report_no_folder_no_page(compare, tmp_path, real):
    refused(compare(), tmp_path, "no report given")
    refused(compare("gone.json"), tmp_path, "gone.json", "No such file")
    (tmp_path / "empty").mkdir()
    refused(compare("empty"), tmp_path, "empty", "no report.json")
    save(tmp_path, "a", real)
    refused(compare("a", out="trends.pdf"), tmp_path, ".html")
    refused(compare("a", out="a/report.json/t.html"), tmp_path, "cannot write")
