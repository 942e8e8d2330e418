"""C3D: what ezc3d, whose place a stand-in takes, says of markers, labels and units."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lib.data.mocap import c3d
from lib.errors import UserError


@pytest.fixture
def read(monkeypatch):
    """Reads a file of 2 frames with marker k at (k + 1, k + 1, k + 1)."""

    def run(labels, num_markers, unit="mm", more=()):
        lists = {"LABELS": labels} | {f"LABELS{i}": part for i, part in enumerate(more, 2)}
        point = {key: {"value": part} for key, part in lists.items()}
        point |= {"UNITS": {"value": [unit]}, "RATE": {"value": [100.0]}, "__METADATA__": {}}
        places = np.broadcast_to(np.arange(1.0, num_markers + 1)[:, None], (4, num_markers, 2))
        residuals = np.zeros((1, num_markers, 2))
        points = {"points": places, "meta_points": {"residuals": residuals}}
        content = {"parameters": {"POINT": point}, "data": points}
        stand_in = SimpleNamespace(c3d=lambda path: content)
        monkeypatch.setattr(c3d, "ezc3d", stand_in)
        return c3d.read_c3d(Path("a.c3d"))

    return run


@pytest.mark.parametrize("odd", [["*", "*"], ["", ""], ["Anna:x", "x"], ["*", ""], []])
def test_markers_without_a_name_of_their_own_do_no_harm(read, odd):
    points = read(["a", *odd, "Anna:b"] if odd else ["a", "b"], 4)
    at = 4.0 if odd else 2.0
    np.testing.assert_array_equal(points.of("a"), np.full((2, 3), 1.0))
    np.testing.assert_array_equal(points.of("b"), np.full((2, 3), at))
    assert len(points.names) == points.xyz.shape[1] == 4


def test_labels_beyond_255_stand_in_further_lists(read):
    names = [f"m{i}" for i in range(600)]
    points = read(names[:255], 600, more=(names[255:510], names[510:]))
    assert points.names == tuple(names)
    np.testing.assert_array_equal(points.of("m599"), np.full((2, 3), 600.0))


def test_more_labels_than_markers_are_refused(read):
    with pytest.raises(UserError, match=r"a\.c3d: 3 labels, 2 markers"):
        read(["a", "b", "c"], 2)


@pytest.mark.parametrize(
    ("unit", "metres"),
    [("mm", 0.001), ("Millimeters", 0.001), ("CENTIMETRES", 0.01), (" Meter ", 1.0), ("m", 1.0)],
)
def test_units_by_letters_or_words(read, unit, metres):
    assert read(["a"], 1, unit).metres_per_unit == metres


def test_an_unknown_unit_is_told(read):
    with pytest.raises(UserError, match="unit 'fathom' is unknown; m, cm, mm or in would do"):
        read(["a"], 1, "Fathom")
