"""What lies in a folder besides a store's own files is nobody's to delete."""

import numpy as np
import pytest

from lib.data.store import Recording, Sequence, open_store, write_store
from lib.errors import UserError

SEQUENCE = Sequence("a", "s", "squat", "s", 0, 0, 50.0)


def write(folder, recordings=None):
    found = [Recording(SEQUENCE, np.ones((3, 17, 3)))] if recordings is None else recordings
    return write_store(folder, "world", found)


def never():
    raise AssertionError("work was done before the folder was looked at")
    yield


def listing(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["detections/s/c/squat.json", "NOTES.md", "more.npy"])
def test_a_store_with_something_else_in_it_is_left_alone(tmp_path, name):
    write(tmp_path / "store")
    (tmp_path / "store" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "store" / name).write_text("hours of work")
    before = listing(tmp_path)
    with pytest.raises(UserError, match=rf"store/{name.split('/')[0]}: is no part .*; move it"):
        write(tmp_path / "store", never())
    assert listing(tmp_path) == before


@pytest.mark.parametrize(
    "text", ['{"name": "An app", "icons": []}', '{"format": 1}', '["format", "frame"]', "{", ""]
)
def test_a_manifest_that_is_no_stores_is_left_alone(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"manifest\.json: is no store's; choose a new or empty"):
        write(tmp_path, never())
    assert (tmp_path / "manifest.json").read_text() == text


def test_what_a_store_and_stopped_writes_leave_is_replaced(tmp_path):
    write(tmp_path / "store")
    np.save(tmp_path / "store" / "clips.npy", np.array([[0, 0, 3]]))
    (tmp_path / "store" / ".part-abcd_123.npy").write_bytes(b"half a table of clips")
    (tmp_path / "store" / ".DS_Store").write_bytes(b"of the Finder")
    (tmp_path / ".part-store-abcd_123").mkdir()
    assert write(tmp_path / "store") == 1
    assert open_store(tmp_path / "store").clips is None
    assert {p.name for p in (tmp_path / "store").iterdir()} == {"manifest.json", "xyz_m.npy"}
