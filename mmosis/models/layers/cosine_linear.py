"""CosineLinear: mmdet's NormedLinear by one name of its temperature."""

from inspect import signature

from mmdet.models.layers import NormedLinear
from mmdet.registry import MODELS

# mmdet 3.3.0 spells it tempearture.
TEMPERATURE = next(name for name in signature(NormedLinear).parameters if name.startswith('tempe'))


@MODELS.register_module()
class CosineLinear(NormedLinear):
    """Scores each class by the cosine of its weights and the input, times a fixed temperature.

    It is mmdet's ``NormedLinear``, whose argument ``temperature`` has another spelling in mmdet 3.3.0: a config that
    names this layer builds with either family.

    Args:
        temperature: What cosines are multiplied by.
        *args, **kwargs: ``NormedLinear``'s.
    """

    def __init__(self, *args, temperature: float = 20, **kwargs) -> None:
        super().__init__(*args, **{TEMPERATURE: temperature}, **kwargs)
