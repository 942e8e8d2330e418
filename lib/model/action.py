"""Action classifier: a DSTformer and a head over its mean representation.

Letters: N samples, M persons, T frames, J joints, D = J * dim_rep.
"""

from collections.abc import Callable

from torch import Tensor, nn

from lib.config import configclass
from lib.model.dstformer import DSTformer


@configclass
class ActionConfig:
    """Size of the classification head."""

    num_classes: int
    hidden_dim: int = 2048
    dropout: float = 0.5
    """Share of the pooled features left out in training, 0 to below 1."""

    def __post_init__(self) -> None:
        if self.num_classes < 1 or self.hidden_dim < 1:
            raise ValueError("num_classes and hidden_dim must be at least 1")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout} is not in 0 to below 1")


class ActionHead(nn.Module):
    """Dropout, then FC-BN-ReLU-FC."""

    def __init__(self, dim_in: int, config: ActionConfig) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.fc1 = nn.Linear(dim_in, config.hidden_dim)
        self.bn = nn.BatchNorm1d(config.hidden_dim, momentum=0.1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(config.hidden_dim, config.num_classes)

    def forward(self, pooled_ND: Tensor) -> Tensor:
        """(N, D) -> logits (N, classes). Training needs N >= 2 for the batch statistics."""
        return self.fc2(self.relu(self.bn(self.fc1(self.dropout(pooled_ND)))))


Gather = Callable[[Tensor, Tensor | None], Tensor]


def _own_rows(pooled_ND: Tensor, is_clip_N: Tensor | None) -> Tensor:
    return pooled_ND


class ActionNet(nn.Module):
    """Says which exercise a clip shows."""

    def __init__(self, backbone: DSTformer, config: ActionConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.head = ActionHead(backbone.config.num_joints * backbone.config.dim_rep, config)
        self.gather: Gather = _own_rows
        """In training, what the head sees for the pooled features of this process."""

    def forward(self, x_NMTJC: Tensor, is_clip_N: Tensor | None = None) -> Tensor:
        """(N, M, T, 17, dim_in) -> logits (N, classes).

        The representation is averaged over frames and persons before the head sees it. In
        training with several processes `gather` may bring in the others' clips and leave out
        those that is_clip_N says are none: batch norm is over what it gives, and so are the
        logits.
        """
        num_persons = x_NMTJC.shape[1]
        rep = self.backbone.get_representation(x_NMTJC.flatten(0, 1))
        pooled = rep.mean(1).flatten(1).unflatten(0, (-1, num_persons)).mean(1)
        return self.head(self.gather(pooled, is_clip_N) if self.training else pooled)
