"""Keep an exported model's weights in half precision where that loses nothing."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MIN_VALUES = 256  # of a tensor; a smaller one is not worth a node


def halve_weights(path: Path) -> None:
    """Store the weights of a graph as float16 that are exact in it, and cast them back to float32 when it is loaded.

    Weights of a published checkpoint are; those of a training stay as they are.

    Args:
        path: The ONNX file, which is written anew.
    """
    model = onnx.load(path)
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < MIN_VALUES:
            continue
        with np.errstate(over='ignore'):
            halved = values.astype(np.float16)
        if not np.array_equal(halved.astype(np.float32), values):
            continue
        casts.append(helper.make_node('Cast', [f'{weight.name}_half'], [weight.name], to=TensorProto.FLOAT))
        weight.CopyFrom(numpy_helper.from_array(halved, f'{weight.name}_half'))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)
