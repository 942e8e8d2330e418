"""What a person did wrong, said in one line; and the exit code that goes with it."""

import functools
import io
import sys
from collections.abc import Callable, Sequence


class UserError(ValueError):
    """A mistake in a file, flag or config. The text names the place and what would do."""


def command_line(main: Callable[[Sequence[str] | None], None]) -> Callable[..., int]:
    """Wrap a script's `main(argv)`: a UserError prints one line on stderr; exit code 2.

    Ctrl-C prints one line as well; exit code 130. What the console cannot write, as parts of a
    file's name, is spelt out.
    """

    @functools.wraps(main)
    def wrapped(argv: Sequence[str] | None = None) -> int:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            main(argv)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130
        except BrokenPipeError:
            return 141
        return 0

    return wrapped
