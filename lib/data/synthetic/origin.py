"""Whether recordings are the made-up ones that a recipe is about, by what is kept beside them."""

from dataclasses import dataclass
from pathlib import Path

from lib.data.fit3d import CAMERAS, MADE_UP_TERMS, TRAIN_SUBJECTS
from lib.data.json_files import read_json
from lib.data.manifest import MANIFEST, read_manifest, read_sequences
from lib.data.synthetic.writer import GENERATION
from lib.errors import UserError


@dataclass(frozen=True)
class People:
    """Made-up recordings of the training people: whole, and of one seed."""

    seed: int
    actions: tuple[str, ...]
    faults: tuple[str, ...] = ()

    def _are_in_tree(self, info: Path) -> bool:
        made = {
            "generation": GENERATION, "seed": self.seed, "num_reps": None,
            "faults": list(self.faults),
        }  # fmt: skip
        content, actions = read_json(info), {who: list(self.actions) for who in TRAIN_SUBJECTS}
        return isinstance(content, dict) and all(
            content.get(key) == value
            for key, value in (("synthetic", made), ("subj_to_act", actions))
        )

    def _are_in_store(self, folder: Path) -> bool:
        sequences = read_sequences(folder, read_manifest(folder))
        people, actions, cameras, terms = (
            {getattr(s, name) for s in sequences}
            for name in ("subject", "action", "camera_name", "terms")
        )
        # A take here and there is missing: preparation refuses it, and says so.
        whole = set(TRAIN_SUBJECTS), set(self.actions), set(CAMERAS), {MADE_UP_TERMS}
        return (people, actions, cameras, terms) == whole

    def check(self, path: Path) -> None:
        """Raises UserError for a tree's fit3d_info.json or a store's manifest.json of others.

        The data set itself and the examples of the pages have the same folders.
        """
        if not path.exists():
            return
        is_store = path.name == MANIFEST
        if not (self._are_in_store(path.parent) if is_store else self._are_in_tree(path)):
            raise UserError(
                f"{path}: its folder holds other recordings than the recipe's, parts of them, an "
                "older generator's or Fit3D itself; move it away"
            )
