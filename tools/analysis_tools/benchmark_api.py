"""Time requests of the HTTP API, by ``benchmarks/`` of the checkout."""

import sys
from pathlib import Path

from mmosis.utils.notices import quiet_imports
from mmosis.utils.tool import run_tool

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from benchmarks.api_load import main

if __name__ == '__main__':
    run_tool(main)
