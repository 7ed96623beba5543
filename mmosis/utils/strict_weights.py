"""Explain in one sentence that a checkpoint has the weights of another model."""

from collections.abc import Iterator
from contextlib import contextmanager

MISMATCH = 'The model and loaded state dict do not match exactly'  # MMEngine's words


@contextmanager
def weights_must_fit(weights: str, advice: str = '') -> Iterator[None]:
    """Explain what MMEngine raises where a checkpoint is loaded strictly and has other weights than the model.

    Args:
        weights: What they are called in the message.
        advice: What to do; it follows the reason.

    Raises:
        ValueError: If weights are missing, left over or of another shape, or the file holds no weights by name.
    """
    try:
        yield
    except (RuntimeError, KeyError, AttributeError) as error:
        if isinstance(error, RuntimeError) and not str(error).startswith(MISMATCH):
            raise
        raise ValueError(f'{weights} are not those of this config: {_first_lines(error)}{advice}') from error


def _first_lines(error: Exception) -> str:
    return ' '.join(line.strip() for line in str(error).splitlines()[:4])[:500]
