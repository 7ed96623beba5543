"""ExactResumeHook: makes a resumed training equal to one that was not stopped."""

from mmengine.dist import all_gather_object, get_dist_info
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from mmosis.utils.rng import seed_globally


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Make each step's random draws a function of the seed and the step, and refuse a resume that cannot be exact.

    The model is random too: samplers of regions, dropout. Before step i on rank r of W, the global generators are
        seeded
    under (seed, i W + r). So a resume has no state of them to restore; loaders and validations in between
    have no influence. As episodes do, the numbers run through the batches: W ranks draw as one process does that
    accumulates gradients over W of its steps.

    For steps, :class:`EpisodeSampler` and datasets that make all of a sample from its draw number. On a GPU also set
    ``randomness.deterministic=True``.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._seed: int | None = None

    def before_run(self, runner: Runner) -> None:
        """Store the seed of the data; a resume brings that of the checkpoint."""
        self._seed = runner.seed

    def before_train(self, runner: Runner) -> None:
        """Check that training can go on from here.

        Raises:
            ValueError: If the ranks do not start at one step, the checkpoint is of another seed, or it lies between two
                steps of the optimizer.
        """
        starts = all_gather_object(runner.iter)
        if len(set(starts)) > 1:
            raise ValueError(
                f'the processes would start at iterations {starts}: all must find the same checkpoint, so work_dir '
                'must be on a disk that all machines can read'
            )
        if runner.seed != self._seed:
            raise ValueError(
                f'the checkpoint was trained with seed {runner.seed}, and the data have seed {self._seed}: to resume, '
                f'set randomness.seed={runner.seed}'
            )
        counts = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        if runner.iter < runner.max_iters and runner.iter % counts:
            raise ValueError(
                f'iteration {runner.iter} lies between two steps of the optimizer, which come every {counts} '
                'iterations (optim_wrapper.accumulative_counts), and the gradients so far are lost: resume from '
                'another checkpoint'
            )

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Seed the step's draws."""
        rank, world_size = get_dist_info()
        seed_globally(runner.seed, 'step', runner.iter * world_size + rank)

    def before_val(self, runner: Runner) -> None:
        """Seed a validation's draws, so that it can be done again."""
        seed_globally(runner.seed, 'validation', runner.iter)
