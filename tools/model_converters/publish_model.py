"""Make a checkpoint that is fit to give away, or the folder of a model, which may be pushed to the Hugging Face hub."""

import argparse
from pathlib import Path

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat.weights_file import read_trained, write_weights
    from mmosis.search.hub.hub_model import push_model, write_card
    from mmosis.search.hub.model_folder import FILES, write_model_folder
    from mmosis.utils.config_file import read_config
    from mmosis.utils.tool import run_tool

KEPT = ('iter', 'seed', 'experiment_name', 'mmengine_version')


def publish(checkpoint: dict) -> dict:
    """Leave out optimizer, schedule, log and config; weights become float16, which loading turns back to float32.

    Args:
        checkpoint: As the Runner saved it.

    Returns:
        dict: ``state_dict`` and ``meta`` with plain values.
    """
    meta = {key: checkpoint['meta'][key] for key in KEPT if key in checkpoint.get('meta', {})}
    weights = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in checkpoint['state_dict'].items()
    }
    return dict(meta=meta, state_dict=weights)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('in_file', help='checkpoint of tools/train.py')
    parser.add_argument('out_file', type=Path, help='checkpoint to write; with --config a folder')
    parser.add_argument(
        '--config', help='config of the model: write a folder with it as data, and weights as safetensors'
    )
    parser.add_argument('--exported', type=Path, help='folder of tools/deployment/export_onnx.py, to put with them')
    parser.add_argument('--push', metavar='OWNER/NAME', help='then upload the folder to this repository of the hub')
    parser.add_argument('--private', action='store_true', help='a repository that is made is for its owner alone')
    args = parser.parse_args()
    if args.config is None and (args.exported or args.push or args.private):
        parser.error('--exported, --push and --private are of a folder, which needs --config')
    if args.private and not args.push:
        parser.error('--private is of a repository to --push to')
    return args


def main() -> None:
    """Read, strip, write, and upload if that is asked for."""
    args = parse_args()
    published = publish(read_trained(args.in_file))
    if args.config is None:
        write_weights(args.out_file, **published)
        print(f'{args.out_file}: {args.out_file.stat().st_size / 1e6:.1f} MB')
        return
    cfg = read_config(args.config, needs=['model', 'test_dataloader', 'visualizer'])
    write_model_folder(args.out_file, cfg, published['state_dict'], args.exported)
    sizes = [path.stat().st_size for path in map(args.out_file.joinpath, FILES) if path.is_file()]
    print(f'{args.out_file}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB')
    if args.push:
        write_card(args.out_file, args.push)
        print(f'pushed: {push_model(args.out_file, args.push, args.private)}')


if __name__ == '__main__':
    run_tool(main)
