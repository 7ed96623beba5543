"""Write the crops of all references of a training, so that it need not decode their images."""

import argparse
import time

import mmosis  # noqa: F401  (it makes the host fit to use)

# isort: split
from mmosis.apis.crop_store import make_crop_store
from mmosis.utils.arguments import at_least
from mmosis.utils.config_file import add_cfg_options, read_config
from mmosis.utils.crop_store import CropStore
from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config of the training; the same without a store')
    parser.add_argument('--out', required=True, help='folder to write; a run that was stopped goes on in it')
    parser.add_argument('--num-workers', type=at_least(0), default=0, help='processes; 0 works in this one')
    parser.add_argument('--max-size', type=int, help='longer side of a crop (default: the size of ResizeReference)')
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    """Write the store, and say what it holds and how long that took."""
    args = parse_args()
    cfg = read_config(args.config, args.cfg_options, needs=['train_dataloader'])
    start = time.perf_counter()
    store = CropStore(make_crop_store(cfg, args.out, args.num_workers, args.max_size))
    seconds = time.perf_counter() - start
    print(
        f'{len(store)} crops, {store.size / 2**20:.1f} MiB, {store.size / len(store):.0f} bytes a crop; {seconds:.0f} s'
    )


if __name__ == '__main__':
    run_tool(main)
