"""Charts of the page of trends: labels that can be read, axes that mean something."""

import re
from itertools import pairwise

import pytest

from lib.report.svg import NUM_COLOURS, WIDTH, Chart, Dot, Series, name_axis, number_axis
from lib.report.trends_charts import legend

GLYPH = 6.2
"""Width of a character at the style sheet's 11 px in a wide font (DejaVu Sans), at most."""


def labels(chart: Chart) -> list[tuple[float, float]]:
    """(left, right) of the labels below the chart, in order."""
    found = re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="middle">(.*?)<', chart.text)
    return [(float(x) - GLYPH * len(t) / 2, float(x) + GLYPH * len(t) / 2) for x, t in found]


@pytest.mark.parametrize("num", [0, 1, 2, 3, 6, 7, 8, 10, 14, 40])
@pytest.mark.parametrize("name", ["#1", "14 Mar", "14 Mar 25", "14 Mar 25 #2"])
def test_names_below_a_chart_do_not_touch(num, name):
    shown = labels(Chart("Depth", name_axis([name] * num), number_axis([0.0, 1.0])))
    assert bool(shown) == bool(num)
    assert all(left >= 0 and right <= WIDTH for left, right in shown)
    assert all(right < left for (_, right), (left, _) in pairwise(shown))
    if num == 6:
        assert len(shown) >= 3


@pytest.mark.parametrize("loads", [(95, 105), (57, 189), (0.95, 1.05), (950, 1050)])
def test_numbers_below_a_chart_are_not_cut_off(loads):
    shown = labels(Chart("Velocity", number_axis(loads), number_axis([0.0, 1.0]), "kg"))
    assert len(shown) > 2 and shown[-1][1] <= WIDTH


def shapes(text: str) -> list[str]:
    """What the marks are, wherever they are."""
    return re.findall(r'<path class="mark s\d" d="M[\d.]+ [\d.]+(.*?)"', text)


def test_series_are_told_apart_by_more_than_their_colour_and_the_legend_repeats_it():
    chart = Chart("Velocity", number_axis([0.0, 1.0]), number_axis([0.0, 1.0]))
    for i in range(NUM_COLOURS):
        chart.series(Series(f"{i} kg", [Dot(0.5, 0.5, 0.1, f"set {i}")]), i)
    assert len(set(shapes(chart.text))) == NUM_COLOURS
    assert shapes(legend([f"{i} kg" for i in range(NUM_COLOURS)])) == shapes(chart.text)
    assert chart.text.count("<title>set ") == NUM_COLOURS


def test_bars_say_what_they_are():
    chart = Chart("Repetitions", number_axis([0.0, 1.0]), number_axis([0.0, 4.0]))
    chart.stack(0.5, [("full", 2.0, "#1: 2 full"), ("partial", 0.0, ""), ("failed", 1.0, "a<b")])
    bars = re.findall(r'<rect class="(\w+)"[^>]*><title>(.*?)</title></rect>', chart.text)
    assert bars == [("full", "#1: 2 full"), ("failed", "a&lt;b")]


@pytest.mark.parametrize("total", [*range(4, 30), 47, 120, 999])
def test_what_is_counted_has_whole_numbers_beside_it(total):
    marks = number_axis([4.0, float(total)], zero=True, whole=True).marks
    assert all(name == f"{value:.0f}" and value == round(value) for value, name in marks)
    assert 3 <= len(marks) <= 7 and marks[-1][0] >= total
