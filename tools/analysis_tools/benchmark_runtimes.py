"""Time searches on each runtime, by ``benchmarks/`` of the checkout."""

import sys
from pathlib import Path

from mmosis.utils.notices import quiet_imports
from mmosis.utils.tool import run_tool

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from benchmarks.runtimes import main

if __name__ == '__main__':
    run_tool(main)
