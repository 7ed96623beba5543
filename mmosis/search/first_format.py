"""First format of reference banks and exported models: tensors of references that are no longer kept."""

from collections.abc import Sequence
from pathlib import Path

FIRST_FORMAT = 1


def count_kept(shapes: Sequence[Sequence[int]]) -> int:
    """Count those of a reference's tensors that are still kept; they come first.

    The neck that compares semantic maps kept a region last, whether or not a head read it. It alone keeps vectors of
    several sizes. Where a head does read the region, the bank will not fit the model, which says so.

    Args:
        shapes: Of what is kept of one reference.
    """
    *vectors, last = shapes
    are_vectors = all(len(shape) == 1 for shape in vectors)
    of_several_sizes = len({tuple(shape) for shape in vectors}) > 1
    return len(vectors) if are_vectors and of_several_sizes and len(last) == 3 else len(shapes)


def is_read(graph: Path, name: str) -> bool:
    """Whether a node of an ONNX graph reads an input, which ONNX Runtime does not say.

    The file has an input's name once where it is declared, and once for each node that reads it; in both places it is
    the first field of its protobuf message.
    """
    return graph.read_bytes().count(b'\n' + bytes([len(name)]) + name.encode()) > 1
