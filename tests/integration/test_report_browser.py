"""The pages in the system's Chromium: they play, step, jump, light joints up, fit, print."""

import io
import re
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import orjson
import pytest
from made_report import (
    bare_report,
    made_pose,
    made_rep,
    made_report,
    made_set,
    made_video,
    measure,
)
from matplotlib.image import imread

from lib.analysis.form import joint_angles
from lib.report import film as film_module
from lib.report.html import write_html
from lib.report.report_files import read_workouts
from lib.report.trends import write_trends
from lib.report.workouts import groups_of

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is missing: pip install -r requirements-dev.txt"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the PATH")

SLOW = pytest.mark.slow
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
A4_PX = 703
"""Between the margins of the page's style sheet."""
LIT_RGB = np.array((255, 212, 0))
MISSING_FILM = "ERR_FILE_NOT_FOUND"
HAS_FILM = "() => !document.getElementById('film').hidden"
SAYS = "word => document.getElementById('play').textContent === word"
FITS = "() => document.scrollingElement.scrollWidth <= innerWidth"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def address_of(tmp_path_factory):
    """address_of(name) makes the page of that name; 'squat' carries a film, the others none."""
    folder = tmp_path_factory.mktemp("pages")
    sets = {"squat": (3,), "none": (), "one": (1,), "twenty": (20,), "sets": (8,) * 6}

    @cache
    def make(name):
        if name == "bare":
            report, pose = bare_report(3), made_pose(3)
        else:
            report, pose = made_report(*sets[name]), made_pose(sum(sets[name]), (320, 240))
        film = made_video(folder / "in.mp4", len(pose.xyz), (320, 240)) if name == "squat" else None
        write_html(report, pose, joint_angles(pose), film, folder / f"{name}.html")
        return (folder / f"{name}.html").as_uri()

    return make


@pytest.fixture
def visit(browser, address_of):
    """visit(name, size, **context options) -> page; fails on any complaint or request."""
    contexts, complaints, requests = [], [], []

    def go(name="squat", size="desktop", **options):
        contexts.append(browser.new_context(viewport=SIZES[size], **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(name.as_uri() if isinstance(name, Path) else address_of(name))
        if name == "squat":
            loaded = "() => document.querySelector('#film video').readyState > 1 || !(HAS_FILM)()"
            page.wait_for_function(loaded.replace("HAS_FILM", HAS_FILM))
        return page

    yield go
    for context in contexts:
        context.close()
    assert not [said for said in complaints if MISSING_FILM not in said]
    assert all(url.startswith(("file:", "blob:", "data:")) for url in requests)


def num_lit(page, pane: str) -> int:
    """Pixels of a pane in the colour of the rings around named joints."""
    picture = imread(io.BytesIO(page.locator(pane).screenshot()))[..., :3]
    return int((np.abs(255 * picture - LIT_RGB) < 12).all(-1).sum())


def frame_of(page) -> int:
    return int(re.search(r"frame (\d+)", page.inner_text("#clock"))[1])


def test_plays_and_pauses_in_step(visit):
    page = visit()
    page.keyboard.press("Home")
    page.click("#play")
    page.wait_for_function("() => /frame (?!0$|1$)/.test(document.getElementById('clock').value)")
    page.click("#play")
    page.wait_for_function("() => document.getElementById('play').textContent === 'Play'")
    frame = frame_of(page)
    assert frame > 1
    if page.evaluate(HAS_FILM):
        page.wait_for_function("() => !document.querySelector('#film video').seeking")
        shown_s = page.evaluate("() => document.querySelector('#film video').currentTime")
        assert frame / 30 <= shown_s <= (frame + 1) / 30


def test_steps_a_frame_and_jumps_a_repetition(visit):
    page = visit()
    page.keyboard.press("Home")
    page.click("#next")
    page.click("#next")
    page.click("#back")
    assert frame_of(page) == 1
    page.keyboard.press("ArrowRight")
    assert frame_of(page) == 2
    page.keyboard.press("Shift+ArrowRight")
    assert frame_of(page) == 6 and page.inner_text("#rep") == "Rep 1 / 3"
    page.click("#next-rep")
    assert frame_of(page) == 42 and page.inner_text("#rep") == "Rep 2 / 3"
    assert page.locator("tr.rep.now").get_attribute("data-rep") == "2"
    page.keyboard.press("Shift+ArrowLeft")
    assert frame_of(page) == 6
    page.locator("button.goto", has_text=re.compile("^3$")).click()
    assert frame_of(page) == 78


def test_the_counter_leaves_out_what_is_not_counted(visit, tmp_path):
    report = made_report(1)
    reps = [made_rep(i + 1, quality=kind) for i, kind in enumerate(("full", "suspect"))]
    report["sets"] = [made_set(1, reps)]
    write_html(report, made_pose(2), {}, None, tmp_path / "report.html")
    page = visit(tmp_path / "report.html")
    assert page.inner_text("#rep") == "Rep 1 / 1"
    page.click("#next-rep")
    assert page.inner_text("#rep") == "Rep 2 (suspect)"


def test_keys_do_what_the_page_says_wherever_one_is(visit):
    page = visit()
    page.keyboard.press("Home")
    page.click("#next")
    page.keyboard.press("Space")  # plays: the mouse leaves no button behind that it would press
    page.wait_for_function(SAYS, arg="Pause")
    page.focus("#scrub")
    page.keyboard.press("Space")
    page.wait_for_function(SAYS, arg="Play")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert frame_of(page) == 1
    page.keyboard.press("Shift+ArrowRight")
    assert frame_of(page) == 6
    page.keyboard.press("s")
    assert page.input_value("#speed") == "0.5"
    if page.evaluate(HAS_FILM):
        page.focus("#overlay")
        page.keyboard.press("Space")
        assert not page.is_checked("#overlay") and page.inner_text("#play") == "Play"


def test_slow_motion(visit):
    page = visit()
    page.keyboard.press("s")
    assert page.input_value("#speed") == "0.5"
    page.select_option("#speed", "0.25")
    page.evaluate("() => document.activeElement.blur()")
    page.click("#play")
    if page.evaluate(HAS_FILM):
        assert page.evaluate("() => document.querySelector('#film video').playbackRate") == 0.25
    page.click("#play")
    page.keyboard.press("s")
    assert page.input_value("#speed") == "0.1"


def test_finding_goes_to_its_frame_and_lights_its_joints_up(visit):
    page = visit()
    panes = ["#space", "#film"] if page.evaluate(HAS_FILM) else ["#space"]
    assert [num_lit(page, pane) for pane in panes] == [0] * len(panes)
    page.click(".finding")
    assert frame_of(page) == 35
    assert all(num_lit(page, pane) > 20 for pane in panes)
    assert page.locator("#bands .found").count() == 3
    lit = page.locator(".strip[data-rep='2'] .ring.lit")
    assert {lit.nth(i).get_attribute("data-joint") for i in range(lit.count())} == {"2", "5"}
    page.locator("#findings .chip", has_text="3").click()
    assert frame_of(page) == 107
    page.keyboard.press("Space")  # the mouse leaves no button behind that it would press
    page.keyboard.press("Space")
    assert num_lit(page, "#space") > 20
    page.keyboard.press("Escape")
    assert [num_lit(page, pane) for pane in panes] == [0] * len(panes)
    assert page.locator(".found").count() == 0


@SLOW
def test_the_near_side_covers_the_far_one_in_the_drawings(visit):
    page = visit("one")
    classes = "bones => bones.map(bone => bone.classList[1])"
    drawn = page.eval_on_selector_all(".moment:first-child .bone", classes)
    assert set(drawn) == {"left", "centre", "right"}
    assert drawn == sorted(drawn, key=["left", "centre", "right"].index)
    assert "right side" in page.locator(".panel", has_text="Key moments").inner_text()


@SLOW
def test_no_part_of_the_tempo_is_drawn_where_it_was_not(visit, tmp_path):
    report = made_report(3)
    first, second, _ = (rep["tempo"] for rep in report["sets"][0]["reps"])
    first["pause_bottom_s"] = None
    second |= {"eccentric_s": None, "pause_top_s": None}
    write_html(report, made_pose(3), {}, None, tmp_path / "report.html")
    drawing = visit(tmp_path / "report.html").locator("svg[aria-label^='Seconds of']")
    titles = drawing.locator("rect.tempo title").all_text_contents()
    assert [title for title in titles if title.startswith("Rep 1")] == ["Rep 1, down: 0.44 s"]
    assert [title.split(",")[0] for title in titles].count("Rep 2") == 2
    assert drawing.locator("text", has_text="\u2026").count() == 1


@SLOW
def test_all_numbers_of_a_repetition_unfold(visit):
    page = visit(size="phone")
    assert not page.locator(".numbers").first.is_visible()
    page.locator("tr.rep button.small").first.click()
    assert page.locator(".numbers").first.is_visible()
    # What 17 joints cannot show stands once on the page.
    assert page.locator(".numbers").first.locator("li").count() == 8


@SLOW
def test_where_nothing_was_judged_the_table_has_no_findings_and_no_numbers(visit):
    page = visit("bare")
    assert page.locator("tr.rep").count() == 3
    assert page.locator("thead th").all_inner_texts()[:2] == ["Rep", "Quality"]
    assert "Findings" not in page.inner_text("thead") and "none" not in page.inner_text("tbody")
    assert not page.locator("td.unfold button").count()


@SLOW
def test_a_repetition_that_was_not_judged_has_a_dash_for_its_findings(visit, tmp_path):
    unjudged = made_rep(2, metrics={"SQ-03": measure(98.0)}, findings=[])
    reps = [made_rep(1, findings=[]), unjudged, made_rep(3, findings=[])]
    report = made_report(3) | {"sets": [made_set(1, reps)]}
    write_html(report, made_pose(3), {}, None, tmp_path / "report.html")
    cells = visit(tmp_path / "report.html").locator("tr.rep td[data-label='Findings']")
    assert cells.all_inner_texts() == ["none", "\u2013", "none"]


def test_curves_leave_room_for_the_numbers_of_the_repetitions(visit):
    page = visit()
    height_px = page.locator("#curves .u-over").first.bounding_box()["height"]
    for low, high in ((3, 139), (0, 150), (60, 99), (10, 12)):
        bottom, top = page.evaluate(f"() => Curves.range({low}, {high})")
        assert bottom < low and (top - high) / (top - bottom) * height_px > 13


def test_skeleton_turns_and_every_view_draws(visit):
    page = visit("one")
    picture = "() => document.querySelector('#space canvas').toDataURL()"
    seen = {page.evaluate(picture)}
    for button in page.locator("#views button").all():
        button.click()
        seen.add(page.evaluate(picture))
    assert len(seen) >= 6


@pytest.mark.parametrize(
    "name",
    ["squat", *(pytest.param(n, marks=SLOW) for n in ("none", "one", "bare", "twenty", "sets"))],
)
def test_nothing_sticks_out_sideways(visit, name):
    page = visit(name)
    cut = """() => [...document.querySelectorAll("#sets td, #sets th, #sets .panel, #findings li")]
      .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1)
      .map(e => e.textContent)"""
    for width in (1280, 1100, 960, 900, 600, 390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_function(FITS, timeout=5000)
        assert page.evaluate(cut) == [], width


@SLOW
def test_what_a_colour_means_stands_beside_it(visit):
    page = visit(size="phone")
    apart = """swatches => swatches.filter(swatch => {
      const name = document.createRange();
      name.selectNode(swatch.nextSibling);
      return Math.abs(name.getBoundingClientRect().top - swatch.getBoundingClientRect().top) > 14;
    }).length"""
    for width in (390, 360, 340, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.locator(".swatch").count() == 7
        assert page.eval_on_selector_all(".swatch", apart) == 0, width


@SLOW
def test_a_long_file_name_is_broken_into_lines(visit, tmp_path):
    name = f"{'squat_2026_03_14_' * 8}.mp4"
    warning = {"code": "other_video", "message": f"{name} has 90 frames: is it its video?"}
    report = made_report(1, warnings=[warning])
    report["source"]["path"] = name
    write_html(report, made_pose(1), {}, None, tmp_path / "report.html")
    page = visit(tmp_path / "report.html", "phone")
    page.wait_for_function(FITS, timeout=5000)


@SLOW
def test_long_video_is_played_from_beside_the_page_or_left_out(visit, tmp_path, monkeypatch):
    monkeypatch.setattr(film_module, "MAX_BYTES", 10)
    pose, out = made_pose(1), tmp_path / "report.html"
    film = made_video(tmp_path / "X3D.mp4", len(pose.xyz))
    write_html(made_report(1), pose, joint_angles(pose), film, out)
    page = visit(out)
    page.wait_for_function("() => document.querySelector('#film video').readyState > 1")
    assert "X3D.mp4" in page.inner_text("#film-note")
    page.click(".finding")
    assert num_lit(page, "#space") > 20
    film.unlink()
    page.reload()
    page.wait_for_selector("#film", state="hidden")
    page.click("#next")
    assert frame_of(page) == 20


@SLOW
def test_sets_are_shown_one_at_a_time_and_follow_the_player(visit):
    page = visit("sets")
    shown = ".set.chosen h2"
    assert page.inner_text(shown) == "Set 1, 100 kg"
    page.locator(".tab").nth(2).click()
    assert page.inner_text(shown) == "Set 3, 100 kg"
    page.keyboard.press("End")
    assert page.inner_text(shown) == "Set 6, 100 kg"
    assert page.locator(".set:visible").count() == 1


@SLOW
def test_colours_follow_the_system(visit):
    page = visit()
    for scheme, colour in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 24, 29)")):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == colour


@SLOW
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_small_words_stand_out_from_what_is_behind_them(visit, scheme):
    page = visit(color_scheme=scheme)
    page.click(".finding")
    contrast = """e => {
      const light = text => text.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      let back = e;
      while (/, 0\\)/.test(getComputedStyle(back).backgroundColor)) back = back.parentElement;
      const [a, b] = [getComputedStyle(e).color, getComputedStyle(back).backgroundColor].map(light);
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }"""
    places = ("#sides .left", "#sides .right", ".reading.left", ".reading.right", ".finding small",
              ".finding .sign", "#bands span", "tr.now td.word", "td.warn .sign", "#clock",
              ".note", "th")  # fmt: skip
    poor = {place: page.locator(place).first.evaluate(contrast) for place in places}
    assert {place: value for place, value in poor.items() if value < 4.5} == {}


@SLOW
@pytest.mark.parametrize(("name", "sets", "reps"), [("squat", 1, 3), ("sets", 6, 48)])
def test_paper_shows_everything_but_the_controls(visit, name, sets, reps):
    page = visit(name, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.locator(".set:visible").count() == sets
    assert page.locator(".strip:visible").count() == reps
    assert page.locator(".numbers:visible").count() == reps
    for section in page.locator("main section").all():
        assert section.is_visible()
    for hidden in ("#controls", "#timeline", "#views", ".tabs", "button.small", ".u-axis"):
        assert page.locator(f"{hidden}:visible").count() == 0
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert paper in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    page.set_viewport_size({"width": A4_PX, "height": 900})
    page.wait_for_function(FITS, timeout=5000)  # what is wider is printed smaller, all of it


@SLOW
@pytest.mark.parametrize("medium", ["screen", "print"])
def test_trends_fit_screen_and_paper(visit, tmp_path, medium):
    report = made_report(3, 3)
    for part in report["sets"]:
        part["summary"]["consistency_rmsd"] = measure(12.3)
    (tmp_path / "report.json").write_bytes(orjson.dumps(report))
    workouts, _ = read_workouts([tmp_path / "report.json"])
    write_trends(groups_of(workouts), ["a_report_" * 20], tmp_path / "trends.html")
    page = visit(tmp_path / "trends.html")
    page.emulate_media(media=medium)
    for width in (1280, A4_PX) if medium == "print" else (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(FITS, timeout=5000)
