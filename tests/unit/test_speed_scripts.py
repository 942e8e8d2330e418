"""The speed benchmarks: both sides do the same work, and the sums behind the tables."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks import gpu_speed, prepare_speed
from benchmarks.sides import Ours, Reference, Setting, take_turns, write_batch
from lib.model.cost import forward_flops
from lib.model.dstformer import DSTformerConfig

CPU = torch.device("cpu")
SMALL = DSTformerConfig(dim_feat=8, dim_rep=6, depth=1, num_heads=2, maxlen=9)


@pytest.fixture
def setting(tmp_path):
    setting = Setting(SMALL, 4, 9, CPU)
    write_batch(tmp_path, setting)
    return setting


def both(setting, folder, **options):
    ours = Ours(setting, folder, **options)
    return ours, Reference(setting, folder, Ours(setting, folder).task.model.state_dict())


@pytest.mark.parametrize("options", [{}, {"micro_batch": 1}, {"recompute": True}])
def test_both_sides_take_the_same_step(setting, tmp_path, options):
    ours, reference = both(setting, tmp_path, **options)
    for _ in range(2):
        terms, losses = ours.step(), reference.step()
    for name, weight in {"position": 1.0, "scale": 0.5, "velocity": 20.0}.items():
        assert terms[name].item() == pytest.approx(weight * losses[name], rel=1e-4)
    for name, value in ours.task.model.state_dict().items():
        # Adam's first steps are the sign of a gradient, noise where it is zero but for rounding.
        gap = (value - reference.model.state_dict()[name]).abs()
        assert gap.max() < 2.1e-3 and gap.median() < 1e-5, name


def test_turns_alternate_and_leave_the_warm_up_out():
    order = []
    works = {name: lambda name=name: order.append(name) for name in "ab"}
    found = take_turns(works, CPU, 2)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert {name: len(spent) for name, spent in found.items()} == {"a": 2, "b": 2}


def test_gpu_table_by_hand(setting):
    speeds = {
        "ours": gpu_speed.Speed([2.0, 1.0, 1.0], 1.5),
        "reference": gpu_speed.Speed([4.0, 4.0, 3.0], 6.0),
    }
    peak = 4 * 3 * forward_flops(SMALL, 9) * 2.0  # twice what 4 clips a second need
    ours, reference = gpu_speed.table(speeds, setting, peak)
    assert ours == "| ours | 4.0 (2.0 to 4.0) | 50.0% | 3.00 | 1.50 |"
    assert reference.endswith("| 1.00 | 6.00 |")


def test_gpu_measurement_runs_where_it_is_put(setting):
    speeds = gpu_speed.measure(setting, ["ours bf16", "ours float32", "reference"], 1)
    assert all(len(s.step_s) == 1 and s.step_s[0] > 0 for s in speeds.values())
    assert gpu_speed.matmul_peak(CPU, 32, 2) > 0


def test_without_a_gpu_one_line(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_speed.main([]) == 2
    said = capsys.readouterr().err.strip()
    assert "no CUDA device" in said and "\n" not in said


def test_the_prepared_tree_passes_every_check(tmp_path):
    prepare_speed.write_tree(tmp_path / "tree", 3, 40)
    cost = prepare_speed.run_command(tmp_path / "tree", tmp_path / "store")
    assert cost.wall_s > 0 and cost.peak_mib > 10
    assert np.load(tmp_path / "store" / "xyz_m.npy").shape == (3 * 4 * 40, 17, 3)


def test_a_failed_command_is_not_timed(tmp_path):
    with pytest.raises(RuntimeError, match="no Fit3D there"):
        prepare_speed.run_command(tmp_path, tmp_path / "store")
