"""make_scenes: write a folder of scenes with a COCO annotation file."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

from projects.scenes.coco_writer import write_scenes

from .config import SceneConfig
from .scene import make_scene


def make_scenes(out_dir: str | Path, num_images: int, seed: int, *, num_workers: int = 0, **scene_parameters) -> Path:
    """Write scenes in COCO format.

    Scene i is a function of (seed, i) and the scene parameters: its image and its annotations (but for their running
    ids) are the same in a run of any length, with any number of workers, and in one that goes on where it was stopped.

    Args:
        out_dir: Folder to write; gets ``images/*.jpg`` and ``annotations.json``.
        num_images: How many scenes.
        seed: Seed of the data set, >= 0. By convention 0 is the training set and 1 the test set.
        num_workers: Processes to draw with; 0 draws in this one.
        **scene_parameters: Fields of :class:`SceneConfig` that differ from its defaults.

    Returns:
        The annotation file. It is written last: where it is, the images are complete.

    Raises:
        ValueError: If ``num_images`` is not positive, the seed is negative, a scene parameter is out of its range, or
            the folder has scenes of other settings.
        TypeError: If a scene parameter is not a field of :class:`SceneConfig`.
    """
    config = SceneConfig(**scene_parameters)
    categories = [(appearance.name, appearance.outline) for appearance in config.words.categories]
    make = partial(make_scene, seed, config=config)
    return write_scenes(out_dir, num_images, make, categories, num_workers, dict(asdict(config), seed=seed))
