"""Browse the episodes of a dataset as the network gets them: pipeline, crops, resizing and padding are done.

The arguments are those of mmdet's tool of the same name, and which loader and how many images. Training episodes come
in the order and with the seed of a training run. Test pipelines load no truth: it is loaded here as in training.
"""

import argparse
from itertools import islice
from pathlib import Path

from torch.utils.data import DataLoader

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmdet.registry import VISUALIZERS
    from mmengine.config import Config, ConfigDict
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner

    from mmosis.datasets import EpisodeMixture, OneShotCocoDataset
    from mmosis.utils.config_file import add_cfg_options, read_config
    from mmosis.utils.progress import track
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line.

    Raises:
        SystemExit: If nobody could see the images.
    """
    parser = argparse.ArgumentParser(description='Browse a dataset')
    parser.add_argument('config', help='config file path')
    parser.add_argument('--output-dir', help='save the images in this folder')
    parser.add_argument('--not-show', action='store_true', help='open no window')
    parser.add_argument('--show-interval', type=float, default=2, help='the interval of show (s)')
    parser.add_argument('--loader', choices=('train', 'val', 'test'), default='train', help='default: %(default)s')
    parser.add_argument('--number', type=int, help='how many images (default: all)')
    add_cfg_options(parser)
    args = parser.parse_args()
    if args.not_show and args.output_dir is None:
        parser.error('--not-show needs --output-dir, or nobody sees the images')
    return args


def build_loader(cfg: Config, name: str) -> DataLoader:
    """Build a loader of single items, with truth.

    Raises:
        ValueError: If the config has no such loader, or its dataset no references.
    """
    if f'{name}_dataloader' not in cfg:
        raise ValueError(f'the config has no {name}_dataloader; choose another one by --loader')
    loader = cfg[f'{name}_dataloader']
    for dataset in _parts(loader.dataset):
        if 'ref_pipeline' not in dataset:
            raise ValueError(
                f"{dataset.type} makes no episodes; for other datasets there is mmdet's tool of the same name"
            )
        if not any(transform.type == 'LoadAnnotations' for transform in dataset.pipeline):
            as_in_training = _parts(cfg.train_dataloader.dataset)[0].pipeline
            truth = next(transform for transform in as_in_training if transform.type == 'LoadAnnotations')
            dataset.pipeline.insert(1, truth)
    loader.update(batch_size=1, num_workers=0, persistent_workers=False)
    return Runner.build_dataloader(loader, seed=cfg.get('randomness', {}).get('seed'))


def _parts(dataset: ConfigDict) -> list[ConfigDict]:
    """The data sets of a mixture, or the one that there is."""
    return dataset.datasets if dataset.type == 'EpisodeMixture' else [dataset]


def metainfo_of(dataset: OneShotCocoDataset | EpisodeMixture, index: int) -> dict:
    """Metainfo of the data set that an item is from: it names the item's category."""
    if isinstance(dataset, EpisodeMixture):
        dataset = dataset.datasets[dataset.locate(index)[0]]
    return dataset.metainfo


def main() -> None:
    """Draw the images."""
    args = parse_args()
    cfg = read_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    loader = build_loader(cfg, args.loader)
    visualizer = VISUALIZERS.build(dict(cfg.visualizer, vis_backends=None))
    number = args.number or len(loader.dataset)
    for index, batch in enumerate(track(islice(loader, number), 'Draw', number)):
        visualizer.dataset_meta = metainfo_of(loader.dataset, index)
        sample, image = batch['data_samples'][0], batch['inputs'][0].permute(1, 2, 0).numpy()[..., ::-1]
        sample.ref_inputs = batch['ref_inputs'][0]
        name = f'{index:05}_{Path(sample.img_path).stem}'
        visualizer.add_datasample(
            name,
            image,
            sample,
            draw_pred=False,
            show=not args.not_show,
            wait_time=args.show_interval,
            out_file=args.output_dir and str(Path(args.output_dir, f'{name}.png')),
        )


if __name__ == '__main__':
    run_tool(main)
