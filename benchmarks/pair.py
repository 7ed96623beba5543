"""The search of an image for one reference, as what is timed."""

import torch

from mmosis.search.mixed_precision import to_half_precision

from .noise import load_detector, make_batch
from .parts import Parts
from .variants import Variant


def make_pair(config: str, device: str, precision: str, image_size: int, ref_size: int) -> Variant:
    """Make a ``test_step`` of one image, from pixels to encoded masks, of a detector as searches have it.

    On a CPU it is in the channels-last layout; in bf16 its weights are converted.

    Args:
        config: Config file of the detector, a siamese one or one of mmdet.
        device: 'cpu' or 'cuda'.
        precision: 'fp32' or 'bf16'.
        image_size: Side of the image.
        ref_size: Side of the reference.
    """
    name, _, model = load_detector(config, device)
    model.eval()
    if precision == 'bf16':
        to_half_precision(model, torch.bfloat16)
    if device == 'cpu':
        model.to(memory_format=torch.channels_last)
    batch = make_batch(model, 1, image_size, ref_size)

    @torch.no_grad()
    def step() -> None:
        data = dict(batch, data_samples=[sample.clone() for sample in batch['data_samples']])
        with torch.autocast(device, torch.bfloat16, enabled=precision == 'bf16'):
            model.test_step(data)

    return Variant(name, precision, step, Parts(model))
