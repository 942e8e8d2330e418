"""python tools/compare_workouts.py out/mine -o out/mine/trends.html

Several report.json, or folders with them, to one page of trends and a .csv of the same name beside
it. Reports of different athletes, exercises, camera views or units are groups of their own.
"""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.errors import UserError, command_line
from lib.report.labels import counted
from lib.report.report_files import find_reports, read_workouts
from lib.report.trends import is_trends_page, write_trends
from lib.report.trends_table import title_of, write_table
from lib.report.workouts import groups_of


def _check_free(page: Path, table: Path) -> None:
    """What others wrote, as a workout's own report.html, is not overwritten. Raises UserError."""
    if page.is_file() and not is_trends_page(page):
        raise UserError(
            f"--out {page}: is there already and no page of trends; name another to write"
        )
    if table.exists() and not page.exists():
        raise UserError(
            f"--out {page}: {table} is there already and would be overwritten; name another"
        )


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Read, group, write, say what came out."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("reports", type=Path, nargs="*", help="report.json files, or their folders")
    parser.add_argument("-o", "--out", type=Path, required=True, help="page to write, .html")
    flags = parser.parse_args(argv)
    if not flags.reports:
        raise UserError("no report given; name report.json files, or folders that hold them")
    if flags.out.suffix != ".html":
        raise UserError(f"--out {flags.out}: name a page to write, ending in .html")
    table = flags.out.with_suffix(".csv")
    _check_free(flags.out, table)
    workouts, notes = read_workouts(find_reports(flags.reports))
    groups = groups_of(workouts)
    write_trends(groups, notes, flags.out)
    write_table(groups, table)
    for note in notes:
        print(note)
    for group in groups:
        print(f"{title_of(group.workouts[0])}: {counted(len(group.workouts), 'report')}")
        print("".join(f"  {note}\n" for note in group.notes), end="")
    print(f"trends: {flags.out}, {table}")


if __name__ == "__main__":
    sys.exit(main())
