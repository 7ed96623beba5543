"""EncodedReferences: what is kept of references once they are encoded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import torch
from torch import Tensor

Field = Tensor | tuple[Tensor, ...]


class EncodedReferences:
    """The references of E episodes, as a match neck keeps them: tensors of E rows under names.

    A field is one tensor, or a tuple of them, such as one a pyramid level:
    ``EncodedReferences(vectors=[(E, C), (E, C)], region=(E, C, s, s))``. ``references['region']`` reads a field, and
    ``references[:2]`` selects episodes.

    Args:
        **fields: Their order is that of ``tensors``. What they mean is the match neck's business, which states the
            same names in :attr:`~mmosis.models.BaseMatchNeck.fields`.

    Raises:
        ValueError: If there is no tensor or their first sizes differ.
    """

    def __init__(self, **fields: Tensor | Sequence[Tensor]) -> None:
        self._fields = {name: field if isinstance(field, Tensor) else tuple(field) for name, field in fields.items()}
        sizes = [len(tensor) for tensor in self.tensors]
        if not sizes or len(set(sizes)) > 1:
            raise ValueError(
                f'encoded references must be tensors of one length E, one row an episode, got sizes {sizes}'
            )

    @property
    def fields(self) -> dict[str, int | None]:
        """The fields' names in their order, each with its number of tensors; None where it is one tensor, no tuple."""
        return {name: None if isinstance(field, Tensor) else len(field) for name, field in self._fields.items()}

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors, each (E, ...), field by field."""
        fields = ((field,) if isinstance(field, Tensor) else field for field in self._fields.values())
        return tuple(tensor for field in fields for tensor in field)

    @property
    def names(self) -> list[str]:
        """Names of :attr:`tensors`: that of the field, and in a tuple its number, such as ``vectors.0``."""
        return [
            name if number is None else f'{name}.{i}'
            for name, number in self.fields.items()
            for i in range(1 if number is None else number)
        ]

    @classmethod
    def unflatten(cls, tensors: Iterable[Tensor], fields: Mapping[str, int | None]) -> 'EncodedReferences':
        """Put :attr:`tensors` back under their names.

        Args:
            tensors: Each (E, ...).
            fields: As in :attr:`fields`.

        Raises:
            ValueError: If it is another number of tensors.
        """
        tensors = list(tensors)
        expected = sum(1 if number is None else number for number in fields.values())
        if len(tensors) != expected:
            raise ValueError(f'{dict(fields)} are {expected} tensors, got {len(tensors)}')
        rest = iter(tensors)
        return cls(
            **{name: next(rest) if number is None else tuple(islice(rest, number)) for name, number in fields.items()}
        )

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: str | slice | Tensor) -> 'Field | EncodedReferences':
        """Read a field by its name, or select episodes by slice or by an index or mask tensor.

        Raises:
            ValueError: If there is no such field.
        """
        if not isinstance(index, str):
            return self.map(lambda tensor: tensor[index])
        if index not in self._fields:
            raise ValueError(
                f'the encoded references have no field {index!r}, only {", ".join(self._fields)}: another match neck '
                'made them'
            )
        return self._fields[index]

    def map(self, function: Callable[[Tensor], Tensor]) -> 'EncodedReferences':
        """Apply a function to every tensor."""
        return self.unflatten(map(function, self.tensors), self.fields)

    def to(self, *args: torch.device | torch.dtype | str) -> 'EncodedReferences':
        """Move to a device or convert to a type, as ``Tensor.to`` does."""
        return self.map(lambda tensor: tensor.to(*args))

    @classmethod
    def cat(cls, parts: Sequence['EncodedReferences']) -> 'EncodedReferences':
        """Join the episodes of several parts, in their order.

        Raises:
            ValueError: If their fields differ.
        """
        fields = parts[0].fields
        if any(part.fields != fields for part in parts):
            raise ValueError(
                f'encoded references of one match neck can be joined, got fields {[part.fields for part in parts]}'
            )
        return cls.unflatten(map(torch.cat, zip(*(part.tensors for part in parts), strict=True)), fields)
