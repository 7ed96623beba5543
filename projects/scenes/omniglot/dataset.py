"""make_cluttered_omniglot: write the folder of scenes of characters."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from projects.scenes.coco_writer import write_scenes

from .characters import NUM_DRAWERS, read_characters
from .config import ClutterConfig
from .hold_out import FOURTH, hold_out_characters
from .scene import make_scene


def make_cluttered_omniglot(
    out_dir: str | Path,
    zip_files: Sequence[str | Path],
    *,
    hold_out: Sequence[str] = (FOURTH,),
    split: int = 1,
    num_background: int | None = None,
    num_train: int = 6000,
    num_test: int = 300,
    seed: int = 0,
    test_seed: int = 1,
    train_drawers: int = 14,
    num_workers: int = 0,
    **scene_parameters,
) -> Path:
    """Write cluttered Omniglot in COCO format (the paper's reference 50, with colours, sizes and masks of strokes).

    Training scenes show background characters only, drawn by the first drawers. Test scenes show all characters, drawn
    by the others: background and one-shot characters mixed, as on COCO. So the test scenes depend neither on what is
    held out nor on ``num_background``, and figures for different numbers of background characters are for the same
    episodes. Background characters beyond ``num_background`` show in test scenes too, and are not searched for.

    Args:
        out_dir: Folder to write; gets ``train/`` and ``test/``, each with ``images/*.jpg`` and ``annotations.json``,
            and ``background.txt`` and ``one_shot.txt`` with category names, one a line.
        zip_files: Zip files of Omniglot, see :func:`read_characters`.
        hold_out: ``('fourth',)`` or names of alphabets, see :func:`hold_out_characters`.
        split: 1 to 4, with ``fourth``.
        num_background: So many background characters, evenly spaced; by default all that are not held out.
        num_train: How many training scenes.
        num_test: How many test scenes.
        seed: Seed of the training scenes, >= 0.
        test_seed: Seed of the test scenes, >= 0.
        train_drawers: So many of the 20 drawers draw the training scenes, the others the test scenes.
        num_workers: Processes to draw with; 0 draws in this one.
        **scene_parameters: Fields of :class:`ClutterConfig` that differ from its defaults.

    Returns:
        The folder.

    Raises:
        FileNotFoundError: If a zip file is missing.
        ValueError: If a zip file or an argument is wrong, there are too few characters for a scene, or the folder
            has scenes of other settings.
        TypeError: If a scene parameter is not a field of :class:`ClutterConfig`.
    """
    config = ClutterConfig(**scene_parameters)
    if not 1 <= train_drawers < NUM_DRAWERS:
        raise ValueError(f'train_drawers must lie between 1 and {NUM_DRAWERS - 1}, got {train_drawers}')
    characters = read_characters(zip_files)
    background, one_shot = hold_out_characters(characters, hold_out, split, num_background)
    if len(background) <= config.num_categories[1]:
        raise ValueError(
            f'scenes of up to {config.num_categories[1]} categories, and clutter of others, need more background '
            f'characters than the {len(background)} that are left; hold out less or lower num_categories'
        )
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, names in (('background', background), ('one_shot', one_shot)):
        (out_dir / f'{name}.txt').write_text('\n'.join(names) + '\n')
    categories = [(character.name, character.alphabet) for character in characters]
    shown = [(index, c.drawings[:train_drawers]) for index, c in enumerate(characters) if c.name in set(background)]
    settings = dict(asdict(config), train_drawers=train_drawers)
    make = partial(make_scene, seed=seed, drawings=dict(shown), config=config)
    train = dict(settings, seed=seed, background=background)
    write_scenes(out_dir / 'train', num_train, make, categories, num_workers, train)
    shown = [(index, c.drawings[train_drawers:]) for index, c in enumerate(characters)]
    make = partial(make_scene, seed=test_seed, drawings=dict(shown), config=config)
    write_scenes(out_dir / 'test', num_test, make, categories, num_workers, dict(settings, seed=test_seed))
    return out_dir
