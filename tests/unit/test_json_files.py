"""JSON of data sets, whoever wrote it."""

import codecs

import pytest

from lib.data.json_files import read_json
from lib.errors import UserError


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_mark_of_utf8_in_front_as_windows_writes_it_is_no_content(tmp_path, mark):
    path = tmp_path / "a.json"
    path.write_bytes(mark + '{"Übung": 1}'.encode())
    assert read_json(path) == {"Übung": 1}
    path.write_bytes(mark + b"{")
    with pytest.raises(UserError, match="empty, cut off or no JSON"):
        read_json(path)
