"""StrictRunner: MMEngine's Runner, which refuses weights of another model and loads them safely."""

from typing import Any

from mmdet.registry import RUNNERS
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from torch import nn

from mmosis.compat.checkpoint import safe_loading
from mmosis.utils.strict_weights import weights_must_fit

NOTICES = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')


@RUNNERS.register_module()
class StrictRunner(Runner):
    """MMEngine's ``Runner``, which refuses a checkpoint of another model; MMEngine's takes the weights that fit, with a
    warning.

    ``load_from`` and ``resume`` load the complete model. Weights that fit only in part, as those of a head for other
    classes, start a training as ``model.init_cfg=dict(type='Pretrained', checkpoint=...)``. All weights are loaded as
    data, see :func:`~mmosis.compat.checkpoint.safe_loading`. Arguments are ``Runner``'s.
    """

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Build the logger as ``Runner`` does, without two notices about MMEngine's own deprecated ``FileClient``.

        MMEngine's checkpoint hook makes one in every training. Commands cannot filter the notices from outside, as they
        do with warnings: the logger is made here, under a name of its own. No other logger is changed.
        """
        logger = super().build_logger(*args, **kwargs)
        logger.addFilter(lambda record: not str(record.msg).startswith(NOTICES))
        return logger

    @safe_loading()
    def build_model(self, model: nn.Module | dict) -> nn.Module:
        """Build the model as ``Runner`` does; parts of it, such as a teacher, may load weights."""
        return super().build_model(model)

    @safe_loading()
    def _init_model_weights(self) -> None:
        super()._init_model_weights()

    def load_checkpoint(self, filename: str, map_location: Any = 'cpu', strict: bool = True, **kwargs: Any) -> dict:
        """Load weights as ``Runner`` does, all of them.

        Raises:
            ValueError: If weights are missing, left over or of another shape.
        """
        advice = (
            '. Give a checkpoint of this config; to start a training from weights that fit only in part, give them as '
            f"model.init_cfg=dict(type='Pretrained', checkpoint={filename!r}) in place of load_from"
        )
        with safe_loading(), weights_must_fit(f'the weights in {filename}', advice):
            return super().load_checkpoint(filename, map_location, strict, **kwargs)
