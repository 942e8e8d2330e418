"""Uncertainty: fitted to errors, kept in the checkpoint, right on others."""

from dataclasses import replace

import numpy as np
import pytest
from test_swaps import squatting
from tiny_models import save_lifter
from tiny_stores import camera_store, world_store

from lib.config import build, to_dict
from lib.errors import UserError
from lib.infer.calibration import KEY, quantile
from lib.infer.evidence import EVIDENCE
from lib.infer.lift import Lifter
from lib.infer.steps import ALL_STEPS
from lib.model.checkpoint import load_checkpoint
from lib.skeleton import JOINT
from lib.train.calibration import (
    CalibrationConfig,
    Recordings,
    Samples,
    collect,
    fit,
)
from lib.train.calibration_scores import constant, quality
from tools.calibrate_lifter import main

CONFIG = CalibrationConfig(fit={"x": {"eval": {"sources": []}}}, check={})


def samples(rng, num=4000, slope=0.6, size=0.05):
    """Errors alike in all directions whose log size grows with the first kind of evidence."""
    evidence = rng.normal(3, 2, (num, 17, len(EVIDENCE)))
    sigma = size * np.exp(slope * (evidence[..., 0] - 3) / 2)
    error = np.linalg.norm(rng.normal(size=(num, 17, 3)), axis=-1) * sigma / np.sqrt(3)
    error[:, JOINT["root"]] = 0
    return Samples(error, evidence, np.zeros(num, int)), sigma


def test_a_known_law_is_found_again():
    rng = np.random.default_rng(0)
    found = fit(samples(rng)[0], CONFIG)
    fresh, sigma = samples(rng)
    knee = JOINT["lknee"]
    ratio = found.sigma(fresh.evidence)[:, knee] / sigma[:, knee]
    inside = np.abs(fresh.evidence[:, knee, 0] - 3) < 4
    assert np.abs(np.log(ratio[inside])).max() < 0.25
    assert found.shape["lknee"] == pytest.approx(1.5, rel=0.1)
    scores = quality(found, fresh, constant(fresh))
    assert 88 < scores["within_90_radius_percent"] < 92
    assert 88 < scores["within_5_to_95_percent"] < 92
    assert scores["spearman_within_joint"] > 0.5
    assert scores["log_likelihood"] > scores["log_likelihood_constant"] + 0.1


def test_evidence_that_says_nothing_gives_the_constant():
    rng = np.random.default_rng(1)
    part, _ = samples(rng, slope=0.0)
    found = fit(part, CONFIG)
    sigma, _ = constant(part)
    others = np.arange(17) != JOINT["root"]
    ratio = found.sigma(part.evidence)[:, others] / sigma[others]
    assert np.abs(ratio - 1).max() < 0.15


def test_errors_twice_as_large_double_sigma():
    part, _ = samples(np.random.default_rng(2))
    once, twice = (fit(replace(part, error_m=k * part.error_m), CONFIG) for k in (1, 2))
    np.testing.assert_allclose(twice.sigma(part.evidence), 2 * once.sigma(part.evidence), rtol=1e-4)


def of_strangers(rng, people, num=60):
    """Errors that nothing tells but whose they are; each person's evidence is as much their own."""
    who = np.repeat(np.arange(people), num)
    evidence = rng.normal(size=(people, 17, len(EVIDENCE)))[who]
    own = np.exp(0.5 * rng.normal(size=(people, 17)))[who]
    error = 0.05 * own * np.linalg.norm(rng.normal(size=own.shape + (3,)), axis=-1)
    error[:, JOINT["root"]] = 0
    return Samples(error, evidence, who)


def test_sigma_holds_on_recordings_it_was_not_fitted_to():
    rng = np.random.default_rng(8)
    known, others = of_strangers(rng, 12), of_strangers(rng, 200, num=30)
    one = replace(known, recording=np.zeros(len(known.recording), int))
    as_one, found = fit(one, CONFIG), fit(known, CONFIG)
    inside = [
        quality(c, others, constant(known))["within_90_radius_percent"] for c in (as_one, found)
    ]
    assert inside[0] < 87 < 88 < inside[1] < 92
    # The order of errors is what all recordings together say.
    for name, (_, *slopes) in as_one.weights.items():
        assert tuple(slopes) == found.weights[name][1:]


def test_sigma_holds_on_people_it_was_not_fitted_to():
    """Recordings of the same people say little of others."""
    inside = []
    for seed in range(11, 15):
        rng = np.random.default_rng(seed)
        parts, others = [of_strangers(rng, 1) for _ in range(12)], of_strangers(rng, 200, num=30)
        for part in parts:
            part.recording[:] = np.arange(len(part.recording)) // 10
        known = Samples.joined(parts)
        fits = fit(replace(known, people=None), CONFIG), fit(known, CONFIG)
        scores = [quality(found, others, constant(known)) for found in fits]
        inside.append([each["within_90_radius_percent"] for each in scores])
    without, by_people = np.mean(inside, 0)
    assert without < 87 < 89 < by_people < 92


def test_a_joint_that_one_recording_alone_has_keeps_its_regression():
    part = of_strangers(np.random.default_rng(9), 2)
    part.error_m[part.recording == 1, JOINT["head"]] = np.nan
    found = fit(part, CONFIG)
    assert np.isfinite(found.shapes()[JOINT["head"]])
    assert np.isfinite(found.sigma(part.evidence)).all()


def test_recordings_of_several_parts_are_others():
    part = of_strangers(np.random.default_rng(10), 2, num=3)
    joined = Samples.joined([part, part.only(part.recording == 1), part])
    assert joined.recording.tolist() == [0, 0, 0, 1, 1, 1, 3, 3, 3, 4, 4, 4, 5, 5, 5]
    assert len(joined.error_m) == len(joined.evidence) == 15
    assert joined.people.tolist() == [0] * 6 + [1] * 3 + [2] * 6
    assert joined.folds().tolist() == joined.people.tolist()
    assert part.folds().tolist() == part.recording.tolist()


def test_unknown_evidence_counts_as_usual_and_wild_one_has_a_limit():
    part, _ = samples(np.random.default_rng(3))
    found = fit(part, CONFIG)
    x = np.broadcast_to(np.array(found.mean), (1, 17, len(EVIDENCE))).copy()
    usual = found.sigma(x)
    x[..., 0] = np.nan
    np.testing.assert_allclose(found.sigma(x), usual)
    x[..., 0] = np.inf
    assert np.isfinite(found.sigma(x)).all()
    assert (found.sigma(x)[:, JOINT["root"]] == 0).all()


def test_joints_without_truth_are_left_out_and_a_joint_without_any_is_named():
    part, _ = samples(np.random.default_rng(4))
    error = part.error_m.copy()
    error[::2, JOINT["head"]] = np.nan
    assert np.isfinite(fit(replace(part, error_m=error), CONFIG).shapes()[JOINT["head"]])
    error[:, JOINT["head"]] = np.nan
    with pytest.raises(UserError, match="head"):
        fit(replace(part, error_m=error), CONFIG)


def test_nine_of_ten_lie_within_the_quantile():
    rng = np.random.default_rng(5)
    shape = np.array([0.7, 1.0, 1.5])
    error = np.sqrt(rng.gamma(shape, 1 / shape, (20000, 3))) * 0.3
    inside = (error <= quantile(np.full(3, 0.3), shape, 0.9)).mean(0)
    np.testing.assert_allclose(inside, 0.9, atol=0.01)


def test_more_views_are_other_sides_of_the_same_people(tmp_path):
    of = {"eval": {"sources": [{"store": str(world_store(tmp_path / "a"))}]}}
    once, thrice = (list(build(Recordings, of | {"views": n}, "test").poses()) for n in (1, 3))
    assert len(thrice) == 3 * len(once) > 0
    assert [number for number, *_ in thrice] == [number for number, *_ in once] * 3
    for (_, pose, truth), (_, again, same) in zip(once, thrice[: len(once)], strict=True):
        np.testing.assert_array_equal(pose.xy_px, again.xy_px)
        np.testing.assert_array_equal(truth, same)
    truth, other = once[0][2], thrice[len(once)][2]
    assert not np.allclose(truth, other)
    np.testing.assert_allclose(*(np.linalg.norm(xyz, axis=-1) for xyz in (truth, other)))
    with pytest.raises(UserError, match="views must be at least 1"):
        build(Recordings, of | {"views": 0}, "test")


@pytest.mark.parametrize("part", ["fit", "check"])
@pytest.mark.parametrize(
    ("change", "text"),
    [({"flip_average": False}, "told from the mirror image"), ({"protocols": ["fit3d14"]}, "none")],
)
def test_what_does_nothing_to_a_calibration_is_refused(part, change, text):
    content = {"fit": {"x": {"eval": {"sources": []}}}, "check": {}}
    content[part] = {"y": {"eval": {"sources": []} | change}}
    with pytest.raises(UserError, match=f"a.yaml: {part}.y: eval.{next(iter(change))} .*{text}"):
        build(CalibrationConfig, content, "a.yaml")


def test_who_is_not_seen_is_left_out_and_what_else_goes_wrong_is_told(tmp_path, monkeypatch):
    lifter = Lifter.from_checkpoint(save_lifter(tmp_path / "lifter.pt"))
    recordings = build(
        Recordings, {"eval": {"sources": [{"store": str(world_store(tmp_path / "a"))}]}}, "test"
    )
    (_, one, truth), (_, two, _) = recordings.poses()
    unseen = replace(two, score=np.zeros_like(two.score))
    monkeypatch.setattr(Recordings, "poses", lambda self: [(0, unseen, truth), (1, one, truth)])
    assert len(collect(lifter, recordings, 0).error_m) == len(truth)
    monkeypatch.setattr(Recordings, "poses", lambda self: [(0, unseen, truth)])
    with pytest.raises(UserError, match="no recording could be lifted"):
        collect(lifter, recordings, 0)

    def broken(*_):
        raise UserError("another mistake")

    monkeypatch.setattr(Lifter, "finished", broken)
    monkeypatch.setattr(Recordings, "poses", lambda self: [(0, one, truth)])
    with pytest.raises(UserError, match="another mistake"):
        collect(lifter, recordings, 0)


def _config(tmp_path):
    fitted, checked = world_store(tmp_path / "a"), camera_store(tmp_path / "b")
    text = f"""
fit: {{sway: {{eval: {{sources: [{{store: {fitted}}}]}}}}}}
check: {{others: {{eval: {{sources: [{{store: {checked}}}]}}}}}}
"""
    path = tmp_path / "calibration.yaml"
    path.write_text(text)
    return path


def test_the_tool_writes_it_into_the_checkpoint_and_the_lifter_uses_it(tmp_path, capsys):
    plain, out = save_lifter(tmp_path / "lifter.pt"), tmp_path / "calibrated.pt"
    assert main([str(plain), "--config", str(_config(tmp_path)), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "others" in printed and "fitted on: sway" in printed and "sha256" in printed
    before, after = load_checkpoint(plain), load_checkpoint(out)
    assert {k: v for k, v in after.config.items() if k != KEY} == before.config
    assert all((after.model[name] == value).all() for name, value in before.model.items())
    pose = squatting()
    was, now = (Lifter.from_checkpoint(path).lift(pose) for path in (plain, out))
    assert now.sigma_is_calibrated and not was.sigma_is_calibrated
    np.testing.assert_array_equal(now.xyz, was.xyz)
    others = np.arange(17) != JOINT["root"]
    assert (now.sigma[:, others] > 0).all() and (now.sigma[:, ~others] == 0).all()
    assert not np.allclose(now.sigma, was.sigma)
    for off in ({"second_look": False}, {"rays": False}):
        without = Lifter.from_checkpoint(out, steps=replace(ALL_STEPS, **off)).lift(pose)
        assert not without.sigma_is_calibrated and np.isfinite(without.sigma).all()
    without_flip = Lifter.from_checkpoint(out).lift(pose, flip_average=False)
    assert np.isnan(without_flip.sigma).all()


@pytest.mark.parametrize(
    ("out", "text"), [("lifter.pt/x.pt", "cannot write there"), ("", "is a folder; give --out")]
)
def test_an_out_that_cannot_be_is_refused_before_the_work(tmp_path, monkeypatch, capsys, out, text):
    plain = save_lifter(tmp_path / "lifter.pt")
    monkeypatch.setattr("tools.calibrate_lifter.collect", lambda *_: pytest.fail("it worked first"))
    asked = [str(plain), "--config", str(_config(tmp_path)), "--out", str(tmp_path / out)]
    assert main(asked) == 2
    error = capsys.readouterr().err
    assert text in error and "--out" in error and error.count("\n") == 1


def test_a_calibration_for_other_evidence_is_none(tmp_path):
    """So that weights made before the evidence changed still lift, and can be calibrated anew."""
    content = to_dict(fit(samples(np.random.default_rng(6), 200)[0], CONFIG))
    path = save_lifter(tmp_path / "lifter.pt", **{KEY: content | {"evidence": ["flip"]}})
    assert Lifter.from_checkpoint(path).calibration is None


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"mean": [0.0]}, "16 joints"),
        ({"shape": {}}, "16 joints"),
        ({"std": [0.0] * len(EVIDENCE)}, "above 0"),
    ],
)
def test_a_calibration_that_does_not_fit_is_refused_by_name(tmp_path, change, text):
    content = to_dict(fit(samples(np.random.default_rng(6), 200)[0], CONFIG))
    path = save_lifter(tmp_path / "lifter.pt", **{KEY: content | change})
    with pytest.raises(UserError, match=text):
        Lifter.from_checkpoint(path)


def test_of_joints_that_were_not_seen_for_long_nothing_is_known(tmp_path):
    """A network makes up feet that the picture cuts off: far off, and sure of it."""
    pose = squatting()
    wrist, ankles = JOINT["lwrist"], [JOINT["lankle"], JOINT["rankle"]]
    score = pose.score.copy()
    score[:, ankles] = score[100:220, wrist] = 0
    lifter = Lifter.from_checkpoint(save_lifter(tmp_path / "lifter.pt"))
    unknown = np.isnan(lifter.lift(replace(pose, score=score)).sigma)
    assert unknown[:, ankles].all() and unknown[131:189, wrist].all()
    assert not unknown[:128, wrist].any() and not unknown[192:, wrist].any()
    others = [i for i in range(17) if i not in (wrist, *ankles)]
    assert not unknown[:, others].any()
