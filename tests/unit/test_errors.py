"""A person's mistake is one line and exit code 2; ours keep their traceback."""

import io
import sys

import pytest

from lib.errors import UserError, command_line


def script(error=None):
    @command_line
    def main(argv=None):
        """Docstring of the script."""
        if error is not None:
            raise error

    return main


def test_success_is_exit_code_0(capsys):
    assert script()([]) == 0
    assert capsys.readouterr() == ("", "")


def test_user_error_is_one_line_and_exit_code_2(capsys):
    assert script(UserError("video.mp4: fps is 0; give --fps"))([]) == 2
    assert capsys.readouterr() == ("", "error: video.mp4: fps is 0; give --fps\n")


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(ValueError, match="bug"):
        script(ValueError("bug"))([])


def test_closed_pipe_is_quiet(capsys):
    assert script(BrokenPipeError())([]) == 141
    assert capsys.readouterr() == ("", "")


def test_docstring_survives():
    assert script().__doc__ == "Docstring of the script."


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_name_the_console_cannot_write_is_spelt_out(monkeypatch, encoding):
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)

    @command_line
    def main(argv=None):
        print("\u6df1\u8e72.mp4 f\udcfcr.mp4")

    assert main([]) == 0
    console.flush()
    said = console.buffer.getvalue().decode(encoding)
    assert said.endswith(".mp4 f\\udcfcr.mp4\n")
