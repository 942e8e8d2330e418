"""AMASS: joints of a made-up body model against matrices multiplied out; files that do not do."""

import zipfile

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lib.data.mocap.amass import BODY_JOINTS, find_body_model, read_amass, read_body_model
from lib.data.mocap.mapping import choose, to_joints
from lib.data.store import open_store
from lib.errors import UserError
from lib.skeleton import JOINT
from tools import prepare_mocap

# A person at rest with the arms out: x to the left, y up, z forward, from the pelvis.
HALF = {
    "pelvis": (0, 0, 0), "spine1": (0, 0.11, -0.01), "spine2": (0, 0.24, 0),
    "spine3": (0, 0.3, 0.01),
    "neck": (0, 0.51, -0.03), "head": (0, 0.6, 0.01), "left_hip": (0.09, -0.08, 0),
    "left_knee": (0.1, -0.47, 0.01), "left_ankle": (0.09, -0.87, -0.03),
    "left_foot": (0.12, -0.92, 0.1), "left_collar": (0.08, 0.42, -0.02),
    "left_shoulder": (0.18, 0.44, -0.03), "left_elbow": (0.44, 0.43, -0.05),
    "left_wrist": (0.7, 0.44, -0.05),
}  # fmt: skip
REST = np.array(
    [HALF.get(name) or np.multiply(HALF[name.replace("right", "left")], (-1, 1, 1))
     for name in BODY_JOINTS]
)  # fmt: skip
CROWN, NOSE = (0.0, 0.8, 0.02), (0.0, 0.66, 0.14)
PARENTS = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19]
NUM = {"smplh": 52, "smplx": 55}


def write_body(
    folder, model="smplh", gender="female", name="{model}/{gender}/model.npz", **changes
):
    """A body model whose vertices are its joints, a nose, a crown, and a toe further forward than
    the nose; the first number of a shape makes everything a tenth larger."""
    num, skin = NUM[model], np.concatenate([REST, [NOSE, CROWN, (0.12, -0.92, 0.3)]])
    weights = np.zeros((len(skin), num))
    weights[np.arange(len(skin)), [*range(22), 15, 15, 10]] = 1
    regressor = np.zeros((num, len(skin)))
    regressor[np.arange(22), np.arange(22)] = 1
    tree = np.zeros((2, num), np.uint32)
    tree[0, :22] = np.array(PARENTS, np.int64) % 2**32  # as theirs, the root's is -1
    shapes = np.zeros((*skin.shape, 400 if model == "smplx" else 16))
    shapes[..., 0], shapes[..., 300:] = 0.1 * skin, 7.0  # the face's
    arrays = {"v_template": skin, "shapedirs": shapes, "J_regressor": regressor,
              "kintree_table": tree, "weights": weights}  # fmt: skip
    path = folder / name.format(model=model, gender=gender)
    path.parent.mkdir(parents=True)
    np.savez(path, **{key: changes.get(key, value) for key, value in arrays.items()})
    return folder


def write_take(path, model="smplh", num_frames=5, **changes):
    """A recording turned upright, with random turns of every joint."""
    rng = np.random.default_rng(4)
    poses = rng.normal(0, 0.4, (num_frames, 3 * NUM[model]))
    poses[:, :3] = (np.pi / 2, 0, 0)
    rate = {"smplh": "mocap_framerate", "smplx": "mocap_frame_rate"}[model]
    arrays = {"poses": poses, "trans": rng.normal(0, 1, (num_frames, 3)), "betas": np.zeros(16),
              "gender": np.array("female"), rate: np.array(120.0)}  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{key: changes.get(key, value) for key, value in arrays.items()})
    return path


def multiplied_out(poses, trans, rest):
    """(T, 22, 3) by 4 x 4 matrices from the root outwards."""
    places = np.empty((len(poses), 22, 3))
    for t, turns in enumerate(poses[:, :66].reshape(-1, 22, 3)):
        chain = []
        for j, parent in enumerate(PARENTS):
            step = np.eye(4)
            step[:3, :3] = Rotation.from_rotvec(turns[j]).as_matrix()
            step[:3, 3] = rest[j] - (rest[parent] if j else 0)
            chain.append(chain[parent] @ step if j else step)
        places[t] = np.array(chain)[:, :3, 3] + trans[t]
    return places


@pytest.fixture(autouse=True)
def _forget():
    read_body_model.cache_clear()


@pytest.mark.parametrize("model", NUM)
@pytest.mark.parametrize("size", [0.0, 1.5])
def test_joints_are_those_of_matrices_multiplied_out(tmp_path, model, size):
    betas = np.r_[size, np.zeros(15)]
    path = write_take(tmp_path / "a.npz", model, betas=betas)
    points = read_amass(path, write_body(tmp_path / "models", model))
    with np.load(path) as file:
        expected = multiplied_out(file["poses"], file["trans"], REST * (1 + 0.1 * size))
    np.testing.assert_allclose(points.xyz[:, :22], expected, atol=1e-12)
    assert points.fps == 120 and points.metres_per_unit == 1


def test_nose_and_crown_go_with_the_head(tmp_path):
    poses = np.zeros((2, 156))
    poses[:, 0] = np.pi / 2  # y up -> z up
    poses[1, 45:48] = (0, np.pi / 2, 0)  # the head looks to the left
    path = write_take(tmp_path / "a.npz", num_frames=2, poses=poses, trans=np.zeros((2, 3)))
    points = read_amass(path, write_body(tmp_path / "models"))
    np.testing.assert_allclose(points.of("nose")[0], (0, -0.14, 0.66), atol=1e-12)
    np.testing.assert_allclose(points.of("crown")[0], (0, -0.02, 0.8), atol=1e-12)
    np.testing.assert_allclose(points.of("nose")[1], (0.13, -0.01, 0.66), atol=1e-12)


@pytest.mark.parametrize("gender", ["male", b"male", "b'male'", " Male "])
def test_the_model_is_that_of_the_gender(tmp_path, gender):
    models = write_body(tmp_path / "models")
    tall = np.concatenate([2 * REST, [NOSE, CROWN, (0, 0, 0)]])
    write_body(models, gender="male", v_template=tall)
    path = write_take(tmp_path / "a.npz", gender=np.array(gender), poses=np.zeros((5, 156)))
    points = read_amass(path, models)
    ankle = points.of("left_ankle") - points.of("pelvis")
    np.testing.assert_allclose(ankle[0], 2 * np.array(HALF["left_ankle"]), atol=1e-12)


@pytest.mark.parametrize(
    "name", ["smplx/SMPLX_MALE.npz", "models_lockedhead/smplx/SMPLX_MALE.npz", "smplx/male/m.npz"]
)
def test_names_that_models_come_with(tmp_path, name):
    for each in (name, name.replace("MALE", "FEMALE").replace("male/", "female/")):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()
    assert find_body_model(tmp_path, "smplx", "male") == tmp_path / name
    with pytest.raises(UserError, match="one .npz of smplh for male, .*; found: none is there"):
        find_body_model(tmp_path, "smplh", "male")
    (tmp_path / "._smplx_male.npz").touch()  # what an archive of a Mac leaves
    find_body_model.cache_clear()
    assert find_body_model(tmp_path, "smplx", "male") == tmp_path / name
    (tmp_path / "smplx_male_2.npz").touch()
    find_body_model.cache_clear()
    with pytest.raises(UserError, match="found: .* and .*"):
        find_body_model(tmp_path, "smplx", "male")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"poses": np.zeros((5, 72))}, r"poses \(5, 72\) and trans \(5, 3\), expected \(T, 156\)"),
        ({"trans": np.zeros((4, 3))}, r"trans \(4, 3\)"),
        ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, r"poses \(0, 156\)"),
        ({"poses": np.full((5, 156), np.nan)}, "frame 1: poses or trans is no finite number"),
        ({"betas": np.full(16, np.inf)}, r"betas \(16,\), expected one row of numbers"),
        ({"betas": np.zeros((5, 10))}, r"betas \(5, 10\), expected one row"),
        ({"betas": np.zeros(17)}, "17 betas, smplh has 16"),
        ({"poses": np.full((5, 156), "a")}, "'poses' holds no numbers"),
        ({"gender": np.array("robot")}, "gender 'robot', expected one of female male neutral"),
        ({"gender": np.array({"a": 1}, object)}, "cannot read this .npz .*allow_pickle"),
    ],
)
def test_takes_that_do_not_do(tmp_path, changes, message):
    path = write_take(tmp_path / "a.npz", **changes)
    with pytest.raises(UserError, match=message):
        read_amass(path, write_body(tmp_path / "models"))


def test_other_files_and_no_models(tmp_path):
    np.savez(tmp_path / "shape.npz", betas=np.zeros(16))
    (tmp_path / "torn.npz").write_bytes(b"PK\3\4 and no more")
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    models = write_body(tmp_path / "models")
    with pytest.raises(UserError, match="shape.npz: lacks 'poses', which files of AMASS"):
        read_amass(tmp_path / "shape.npz", models)
    with pytest.raises(UserError, match="torn.npz: cannot read this .npz"):
        read_amass(tmp_path / "torn.npz", models)
    with pytest.raises(UserError, match="one.npz: cannot read this .npz"):
        read_amass(tmp_path / "one.npz", models)
    with pytest.raises(UserError, match="say where with --body-models"):
        read_amass(write_take(tmp_path / "a.npz"), None)


def _squeezed(path):
    """Bytes of a recording, compressed, and the place where those of its poses begin."""
    with np.load(path) as file:
        np.savez_compressed(path, **file)
    content = bytearray(path.read_bytes())
    name, extra = (int.from_bytes(content[i : i + 2], "little") for i in (26, 28))
    return content, 30 + name + extra


@pytest.mark.parametrize("how", ["bits", "method", "password", "size"])
def test_a_damaged_take_is_one_that_is_left_out(tmp_path, how):
    """What zipfile and numpy raise: zlib.error, NotImplementedError, RuntimeError, MemoryError."""
    path = write_take(tmp_path / "raw/a.npz")
    content, start = _squeezed(path)
    listed = content.index(b"PK\1\2")
    if how == "bits":
        content[start] = 7  # a block of a kind that there is none of
    elif how == "method":
        content[8], content[listed + 10] = 99, 99
    elif how == "password":
        content[6] |= 1
        content[listed + 8] |= 1
    path.write_bytes(content)
    if how == "size":
        with zipfile.ZipFile(path, "w") as file, file.open("poses.npy", "w") as array:
            about = {"descr": "<f8", "fortran_order": False, "shape": (10**11, 156)}
            np.lib.format.write_array_header_1_0(array, about)
    with pytest.raises(UserError, match=r"a\.npz: cannot read this \.npz \(.+\)$"):
        read_amass(path, tmp_path)


def test_a_damaged_take_is_skipped_beside_others(tmp_path, capsys):
    poses = np.zeros((60, 156))
    poses[:, 0], poses[:, 12] = np.pi / 2, np.linspace(0, 1.5, 60)
    for name in ("torn", "whole"):
        write_take(tmp_path / f"raw/anna/{name}.npz", num_frames=60, poses=poses)
    content, start = _squeezed(tmp_path / "raw/anna/torn.npz")
    content[start] = 7
    (tmp_path / "raw/anna/torn.npz").write_bytes(content)
    models = str(write_body(tmp_path / "models"))
    asked = ["--source", str(tmp_path / "raw"), "--out", str(tmp_path / "store")]
    assert prepare_mocap.main([*asked, "--body-models", models]) == 0
    assert "skipped anna/torn: cannot read this .npz" in capsys.readouterr().out
    assert [s.name for s in open_store(tmp_path / "store").sequences] == ["anna/whole"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"v_template": np.zeros(3)}, "not those of smplh with 52 joints and 16 numbers"),
        ({"J_regressor": np.zeros((24, 25))}, "not those of smplh"),
        ({"shapedirs": np.zeros((25, 3, 10))}, "not those of smplh"),
        ({"weights": np.zeros((25, 52))}, "no vertex belongs to the head"),
        ({"kintree_table": np.full((2, 52), 9)}, "a parent that comes after its joint"),
    ],
)
def test_body_models_that_do_not_do(tmp_path, changes, message):
    models = write_body(tmp_path / "models", **changes)
    with pytest.raises(UserError, match=message):
        read_amass(write_take(tmp_path / "a.npz"), models)


@pytest.mark.parametrize(
    ("model", "betas"),
    [("smplh", np.ones(10)), ("smplh", np.ones((1, 16))), ("smplx", np.ones(300))],
)
def test_shapes_of_as_many_numbers_as_there_are(tmp_path, model, betas):
    poses = np.zeros((5, 3 * NUM[model]))
    path = write_take(tmp_path / "a.npz", model, betas=betas, poses=poses)
    points = read_amass(path, write_body(tmp_path / "models", model))
    ankle = points.of("left_ankle") - points.of("pelvis")
    np.testing.assert_allclose(ankle[0], 1.1 * np.array(HALF["left_ankle"]), atol=1e-12)


def test_a_folder_becomes_a_store(tmp_path, capsys):
    """Two people, one of whom is seen by SMPL-X, and the files that lie beside their recordings."""
    bend = np.linspace(0, 1.5, 60)
    for model, who in (("smplh", "anna"), ("smplx", "bert")):
        poses = np.zeros((60, 3 * NUM[model]))
        poses[:, 0] = np.pi / 2
        poses[:, 3 * 1], poses[:, 3 * 4] = -bend / 2, bend  # the left hip and knee
        write_take(tmp_path / f"raw/{who}/kick_poses.npz", model, 60, poses=poses)
    np.savez(tmp_path / "raw/anna/shape.npz", betas=np.zeros(16))
    models = write_body(tmp_path / "models")
    write_body(models, "smplx", name="models_lockedhead/smplx/SMPLX_FEMALE.npz")
    asked = ["--source", str(tmp_path / "raw"), "--out", str(tmp_path / "store"), "--fps", "30"]
    assert prepare_mocap.main([*asked, "--body-models", str(models)]) in (0, None)
    assert "skipped anna/shape: lacks 'poses'" in capsys.readouterr().out
    store = open_store(tmp_path / "store")
    assert [s.subject for s in store.sequences] == ["anna", "bert"]
    assert {s.fps for s in store.sequences} == {30}
    for i in range(2):
        xyz = store.world_of(i)
        assert (xyz[:, JOINT["head"], 2] > xyz[:, JOINT["nose"], 2]).all()
        assert (xyz[:, JOINT["nose"], 2] > xyz[:, JOINT["neck"], 2]).all()
        assert xyz[-1, JOINT["lankle"], 2] > xyz[-1, JOINT["rankle"], 2] + 0.05
    assert prepare_mocap.main(asked) == 2
    assert "say where with --body-models" in capsys.readouterr().out
    assert prepare_mocap.main([*asked, "--body-models", "nowhere"]) == 2
    assert "--body-models nowhere: no such folder" in capsys.readouterr().err


@pytest.mark.parametrize("model", NUM)
def test_one_mapping_fits_both_models(tmp_path, model):
    path = write_take(tmp_path / "a.npz", model)
    points = read_amass(path, write_body(tmp_path / "models", model))
    xyz_m, fps = to_joints(points, choose(points, "npz"))
    assert xyz_m.shape == (5, 17, 3) and fps == 120 and np.isfinite(xyz_m).all()
    np.testing.assert_array_equal(xyz_m[:, JOINT["lknee"]], points.of("left_knee"))
