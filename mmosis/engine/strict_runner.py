"""StrictRunner: MMEngine's Runner for weights of its own model."""

from typing import Any

from mmdet.registry import RUNNERS
from mmengine.runner import Runner

from mmosis.utils.strict_weights import weights_must_fit


@RUNNERS.register_module()
class StrictRunner(Runner):
    """MMEngine's ``Runner``, which refuses a checkpoint of another model; that one takes what fits, with a warning.

    ``load_from`` and ``resume`` are of the whole model. Weights that fit only in part, as those of a head for other
    classes, start a training as ``model.init_cfg=dict(type='Pretrained', checkpoint=...)``. Arguments are ``Runner``'s.
    """

    def load_checkpoint(self, filename: str, map_location: Any = 'cpu', strict: bool = True, **kwargs: Any) -> dict:
        """Load weights as ``Runner`` does, all of them.

        Raises:
            ValueError: If weights are missing, left over or of another shape.
        """
        advice = (
            '. Give a checkpoint of this config; to start a training from weights that fit only in part, give them as '
            f"model.init_cfg=dict(type='Pretrained', checkpoint={filename!r}) in place of load_from"
        )
        with weights_must_fit(f'the weights in {filename}', advice):
            return super().load_checkpoint(filename, map_location, strict, **kwargs)
