"""Time real training steps of a config on random data, and report the peak memory."""

import argparse
import os
import resource
import statistics
import time

import mmosis  # noqa: F401  (it makes the host fit to use)

# isort: split
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmosis.utils.rng import generator


def make_batch(batch_size: int, image_size: int, ref_size: int, num_instances: int = 4) -> dict:
    """Make a batch of noise with boxes and masks, as the data set would give it."""
    samples = []
    for index in range(batch_size):
        rng = generator(0, 'benchmark', index)
        low = rng.uniform(0, image_size / 2, (num_instances, 2))
        boxes = torch.tensor([(x, y, x + image_size / 3, y + image_size / 3) for x, y in low], dtype=torch.float32)
        masks = rng.integers(0, 2, (num_instances, image_size, image_size), dtype='uint8')
        shape = (image_size, image_size)
        instances = InstanceData(
            metainfo=dict(draw=(0, index)),
            bboxes=boxes,
            labels=torch.zeros(num_instances, dtype=torch.long),
            masks=BitmapMasks(masks, *shape),
        )
        sample = DetDataSample(metainfo=dict(img_shape=shape, ori_shape=shape, scale_factor=(1.0, 1.0)))
        sample.gt_instances = instances
        sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4))
        samples.append(sample)
    rng = generator(0, 'pixels')
    pixels = rng.integers(0, 256, (batch_size, 3, image_size, image_size), dtype='uint8')
    references = rng.integers(0, 256, (batch_size, 1, 3, ref_size, ref_size), dtype='uint8')
    return dict(
        inputs=list(torch.from_numpy(pixels)), ref_inputs=list(torch.from_numpy(references)), data_samples=samples
    )


def peak_memory(device: str) -> int:
    """Tell the peak memory in bytes: of the GPU, or of the whole process."""
    if device == 'cuda':
        return torch.cuda.max_memory_allocated()
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Run the steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file path')
    parser.add_argument('--batch-size', type=int, default=1)
    parser.add_argument('--image-size', type=int, default=1024)
    parser.add_argument('--ref-size', type=int, default=192)
    parser.add_argument('--steps', type=int, default=1, help='steps that count, after one that does not')
    parser.add_argument('--amp', action='store_true', help='bfloat16 autocast')
    args = parser.parse_args()
    cfg = Config.fromfile(args.config)
    init_default_scope(cfg.default_scope)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    cfg.model.backbone.init_cfg = None
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).to(device).train()
    optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    times = []
    for _ in range(args.steps + 1):
        batch = make_batch(args.batch_size, args.image_size, args.ref_size)
        start = time.perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=args.amp):
            losses = model.train_step(batch, optim_wrapper)
        print({name: round(value.item(), 3) for name, value in losses.items()})
        times.append(time.perf_counter() - start)
    print(
        f'{device}, batch {args.batch_size}, {torch.get_num_threads()} threads, load average {os.getloadavg()[0]:.1f}'
    )
    print(f'first step {times[0]:.2f} s, then median {statistics.median(times[1:]):.2f} s of {args.steps}')
    print(f'peak memory {peak_memory(device) / 2**30:.2f} GiB')


if __name__ == '__main__':
    main()
