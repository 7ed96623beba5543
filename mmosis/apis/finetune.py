"""Fine-tuning on a folder of the user's: test, train, test again, and a table of both."""

import copy
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope
from terminaltables import AsciiTable

from .coco_folder import hold_out, use_coco_folder
from .experiment import TESTED_PHASES, check_training, run_phase_tests, run_training, say, write_table
from .schedule import scale_schedule
from .training import resume_newest

# 'before' and 'after', then a phase, then 'box' and 'mask'.
Results = dict[str, dict[str, dict[str, float]]]


def run_finetune(
    cfg: Config,
    data: str,
    weights: str,
    one_shot_classes: Sequence[str] | None = None,
    resume: bool = False,
    steps: int | None = None,
) -> tuple[str, str]:
    """Train a checkpoint on with the user's data, and test it before and after on the same episodes.

    Some categories are held out of the training, by name, so that the table tells what it does to new ones. In several
    processes each does its part; the batch size of the config is that of all together.

    Args:
        cfg: Config of a model with masks and of the schedule, with ``work_dir``; its loaders' data are replaced.
        data: Folder of COCO-format data.
        weights: Checkpoint to start from.
        one_shot_classes: Names of the categories to hold out; by default every fourth one, by the config's ``split``.
        resume: Whether the training goes on from the newest valid checkpoint of ``work_dir``, if there is one; the test
            before it is done again.
        steps: Length of the training, by which the config's schedule is scaled (:func:`scale_schedule`); by default as
            the config says.

    Returns:
        tuple: The table, mAP50 in %, and the new checkpoint. The table is in ``work_dir`` too, as ``table.txt`` and
        ``table.json`` (0-1).

    Raises:
        FileNotFoundError: If the weights are missing, or ``data`` is or has no known layout.
        ValueError: If the config trains on a mixture of data sets, the annotations have no masks or not these
            categories, nothing is left to train on, or the training cannot start (:func:`check_training`).
    """
    if not Path(weights).is_file():
        raise FileNotFoundError(f'there are no weights {weights}; give the checkpoint to start from')
    cfg = copy.deepcopy(cfg)  # the caller's stays as it is
    init_default_scope(cfg.default_scope)
    use_coco_folder(cfg, data)
    names = hold_out(cfg, one_shot_classes)
    if steps is not None:
        scale_schedule(cfg, steps)
    check_training(cfg)  # the test takes minutes
    say(f'Held out: {", ".join(names)}\nBefore the training')
    results = dict(before=run_phase_tests(cfg, weights))
    write_table(cfg, _table(results), results)  # it stays if something fails later
    cfg.load_from, cfg.resume = weights, False
    if resume:
        resume_newest(cfg)
    checkpoint = run_training(cfg)
    say('After the training')
    results['after'] = run_phase_tests(cfg, checkpoint)
    table = _table(results)
    write_table(cfg, table, results)
    return table, checkpoint


def _table(results: Results) -> str:
    columns = [(name, time) for name in results['before'][TESTED_PHASES[0]] for time in results]
    header = ['mAP50 (%)', *map(', '.join, columns)]
    rows = [
        [f'{phase} categories', *(f'{100 * results[time][phase][name]:.1f}' for name, time in columns)]
        for phase in TESTED_PHASES
    ]
    return AsciiTable([header, *rows]).table
