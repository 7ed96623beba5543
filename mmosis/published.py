"""Registers the published model of ``projects/published``: the name that its configs and checkpoints import."""

import sys
from pathlib import Path

# The root of a checkout, to which the link leads; of a wheel the folder that holds the same.
sys.path.append(str((Path(__file__).parent / '.mim/projects').resolve().parent))

import projects.published  # noqa: F401
