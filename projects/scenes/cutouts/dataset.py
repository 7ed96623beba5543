"""compose_scenes: cut objects out of sources and write a folder of scenes with a COCO annotation file."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from projects.scenes.coco_writer import write_scenes

from .catalogue import Catalogue
from .config import ComposeConfig
from .cutting import cut_out
from .scene import compose_scene
from .source import Source


def compose_scenes(
    out_dir: str | Path,
    sources: Sequence[dict],
    num_images: int,
    seed: int,
    *,
    num_workers: int = 0,
    **scene_parameters,
) -> Path:
    """Write scenes of cut-outs in COCO format.

    Scene i is a function of (seed, i), the sources and the scene parameters; a run that was stopped goes on where it
    stopped, to the files that one run would have written.

    Args:
        out_dir: Folder to write; gets ``images/*.jpg``, ``annotations.json`` and, in ``sources/``, the cut-outs.
        sources: Fields of :class:`Source`, for each.
        num_images: How many scenes.
        seed: Seed of the data set, >= 0.
        num_workers: Processes; 0 works in this one.
        **scene_parameters: Fields of :class:`ComposeConfig` that differ from its defaults.

    Returns:
        The annotation file. It is written last: where it is, the images are complete.

    Raises:
        FileNotFoundError: If a source is missing.
        ValueError: If a source or a parameter is wrong, there is nothing to show, or the folder is of other settings.
        TypeError: If a parameter is not a field of :class:`Source` or :class:`ComposeConfig`.
    """
    config, sources = ComposeConfig(**scene_parameters), [Source(**source) for source in sources]
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        raise ValueError(f'names of sources must differ, got {", ".join(names)}; give a name to one of them')
    out_dir = Path(out_dir)
    journals = [cut_out(source, out_dir / 'sources' / source.name, num_workers) for source in sources]
    catalogue = Catalogue(sources, journals)
    make = partial(compose_scene, seed=seed, catalogue=catalogue, config=config)
    settings = dict(asdict(config), seed=seed, sources=[_describe(source) for source in sources])
    categories = [(category.name, category.source) for category in catalogue.categories]
    return write_scenes(out_dir, num_images, make, categories, num_workers, settings)


def _describe(source: Source) -> dict:
    """All that scenes depend on; where the folder lies is of no account."""
    return {key: value for key, value in asdict(source).items() if key != 'folder'} | dict(digest=source.digest())
