"""What is timed of detectors: a training step, and the search of an image for one reference."""

import torch
from mmdet.structures import DetDataSample
from mmengine.optim import build_optim_wrapper
from mmengine.structures import InstanceData

from mmosis.search.mixed_precision import to_half_precision
from mmosis.structures import Episode

from .noise import load_detector, make_batch
from .parts import Parts
from .variants import Variant


def make_step(config: str, device: str, precision: str, batch_size: int, image_size: int, ref_size: int) -> Variant:
    """Make a ``train_step``: forward, backward and the update that the config says.

    Args:
        config: Config file of the detector, a siamese one or one of mmdet.
        device: 'cpu' or 'cuda'.
        precision: 'fp32' or 'bf16', which is autocast.
        batch_size: Images, each with one reference.
        image_size: Side of the images.
        ref_size: Side of the references.
    """
    name, cfg, model = load_detector(config, device)
    model.train()
    optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    batch = make_batch(model, batch_size, image_size, ref_size)
    for number, sample in enumerate(batch['data_samples']):
        _add_categories(sample, number)

    def step() -> None:
        # The preprocessor and the losses change samples.
        data = dict(batch, data_samples=[sample.clone() for sample in batch['data_samples']])
        with torch.autocast(device, torch.bfloat16, enabled=precision == 'bf16'):
            model.train_step(data, optim_wrapper)

    return Variant(name, precision, step, Parts(model, optim_wrapper), batch_size)


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


def _add_categories(sample: DetDataSample, cat_id: int) -> None:
    """Say what matchers' heads ask for: the category of the reference, and that there are no objects of others."""
    sample.set_metainfo(dict(episodes=[Episode(0, cat_id, ())]))
    nothing = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long))
    sample.other_instances = sample.other_ignored_instances = nothing
