"""What is kept of references once they are encoded."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class EncodedReferences:
    """The references of E episodes, as the match neck keeps them.

    Attributes:
        tensors: Any number of tensors, each (E, ...). What they mean is the match neck's business; for
            :class:`~mmosis.models.AbsDiffMatchNeck` they are L vectors (E, C), one a pyramid level.

    Raises:
        ValueError: If there is no tensor or their first sizes differ.
    """

    tensors: tuple[Tensor, ...]

    def __post_init__(self) -> None:
        sizes = [len(tensor) for tensor in self.tensors]
        if not sizes or len(set(sizes)) > 1:
            raise ValueError(
                f'encoded references must be tensors of one length E, one row an episode, got sizes {sizes}'
            )

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: slice | Tensor) -> 'EncodedReferences':
        """Select episodes by slice or by an index or mask tensor."""
        return EncodedReferences(tuple(tensor[index] for tensor in self.tensors))

    def to(self, *args: torch.device | torch.dtype | str) -> 'EncodedReferences':
        """Move to a device or convert to a type, as ``Tensor.to`` does."""
        return EncodedReferences(tuple(tensor.to(*args) for tensor in self.tensors))

    @classmethod
    def cat(cls, parts: Sequence['EncodedReferences']) -> 'EncodedReferences':
        """Join the episodes of several parts, in their order."""
        return cls(tuple(torch.cat(tensors) for tensors in zip(*(part.tensors for part in parts), strict=True)))
