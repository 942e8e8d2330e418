"""tools/demo.py before it does anything."""

import pytest

from tools import demo


@pytest.mark.parametrize("flag", ["--help", "--fast"])
def test_what_was_made_before_outlives_a_question(flag, monkeypatch, capsys):
    def done(*_, **__):
        raise AssertionError

    monkeypatch.setattr(demo.shutil, "rmtree", done)
    monkeypatch.setattr(demo, "run_step", done)
    with pytest.raises(SystemExit):
        demo.main([flag])
