"""Print a config with all that it inherits."""

import argparse
from pathlib import Path

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmosis.utils.config_file import add_cfg_options, read_config
    from mmosis.utils.tool import run_tool

SUFFIXES = ('.py', '.json', '.yml')


def main() -> None:
    """Print, and save if asked to."""
    parser = argparse.ArgumentParser(description='Print a config with all that it inherits')
    parser.add_argument('config', help='config file path')
    parser.add_argument('--save-path', help=f'file to save the config in, {", ".join(SUFFIXES)}')
    add_cfg_options(parser)
    args = parser.parse_args()
    cfg = read_config(args.config, args.cfg_options)
    print(f'Config:\n{cfg.pretty_text}')
    if args.save_path is not None:
        if Path(args.save_path).suffix not in SUFFIXES:
            parser.error(f'--save-path must end in {", ".join(SUFFIXES)}, got {args.save_path}')
        Path(args.save_path).parent.mkdir(parents=True, exist_ok=True)
        cfg.dump(args.save_path)


if __name__ == '__main__':
    run_tool(main)
