"""Train and test several configs with several seeds: one table with mean and spread.

A run whose results are there already is not repeated, and one that was stopped goes on. So a study may be stopped at
any time, and several processes may share one by different configs or seeds.
"""

import argparse

from mmengine.config import Config, DictAction

from mmosis.apis import run_study


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('configs', nargs='+', help='config files')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2], help='seeds of the trainings')
    parser.add_argument('--phases', nargs='+', default=[None], help="categories to test on, by default the config's")
    parser.add_argument(
        '--num-references', type=int, nargs='+', default=[None], help='references an episode in the test'
    )
    parser.add_argument('--out-dir', default='work_dirs/study', help='folder for runs, table.md and study.json')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, help='override settings of all the configs'
    )
    return parser.parse_args()


def main() -> None:
    """Run the study."""
    args = parse_args()
    configs = [Config.fromfile(name) for name in args.configs]
    for cfg in configs:
        cfg.merge_from_dict(args.cfg_options)
    print(run_study(configs, args.seeds, args.out_dir, args.phases, args.num_references))


if __name__ == '__main__':
    main()
