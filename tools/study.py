"""Train and test several configs with several seeds: one table with mean and standard deviation.

A run whose results are there already is not repeated, and one that was stopped goes on. So a study may be stopped at
any time, and several processes may work on one, with different configs or seeds.
"""

import argparse

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.apis import run_study
    from mmosis.utils.config_file import SPLITS, add_cfg_options, read_config
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('configs', nargs='+', help='config files')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2], help='seeds of the trainings')
    parser.add_argument(
        '--split',
        type=int,
        nargs='+',
        choices=SPLITS,
        default=[None],
        help="splits to hold out (default: the configs')",
    )
    parser.add_argument('--phases', nargs='+', default=[None], help="categories to test on, by default the config's")
    parser.add_argument(
        '--num-references', type=int, nargs='+', default=[None], help='references an episode in the test'
    )
    parser.add_argument('--out-dir', default='work_dirs/study', help='folder for runs, table.md and study.json')
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    """Run the study."""
    args = parse_args()
    configs = [read_config(name, args.cfg_options, needs=['model']) for name in args.configs]
    print(run_study(configs, args.seeds, args.out_dir, args.phases, args.num_references, args.split))


if __name__ == '__main__':
    run_tool(main)
