"""OnnxDetector: an exported detector, run without torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmosis.search.first_format import FIRST_FORMAT, count_kept, is_read
from mmosis.utils.cores import default_threads
from mmosis.utils.errors import is_memory_error
from mmosis.utils.onnx_runtime import onnxruntime

from .exported_model import GRAPHS, check_graphs, damaged, read_spec

PROVIDERS = ('OpenVINOExecutionProvider', 'CPUExecutionProvider')
Rows = tuple[np.ndarray, ...]


class OnnxDetector:
    """The three steps of a detector, as :class:`~mmosis.models.SiameseMixin` has them, on arrays.

    Pixels are as the pipelines of the config leave them: BGR, 0 to 255. They are normalised and padded here.

    Args:
        folder: What ``tools/deployment/export_onnx.py`` wrote.
        num_threads: Threads of a graph; by default one a core, or as many as OMP_NUM_THREADS says.

    Attributes:
        spec: What ``model.json`` says: pipelines, settings of searches, normalisation, how masks are pasted.

    Raises:
        DamagedError: If a file of it is missing or broken.
        FileNotFoundError: If it is no such folder.
        ValueError: If it is of another version.
    """

    def __init__(self, folder: str | Path, num_threads: int | None = None) -> None:
        self.folder = Path(folder)
        self.spec = read_spec(self.folder)
        self._graphs = {name: self._load(name, num_threads) for name in GRAPHS}
        check_graphs(self._graphs, self.folder)
        self._unread = self._find_unread()

    @property
    def fingerprint(self) -> str:
        """Which encoded references belong to this model."""
        return self.spec['fingerprint']

    # ---------------------------------------------------------------- the three steps

    def encode_images(self, pixels: np.ndarray) -> list[np.ndarray]:
        """Encode images.

        Args:
            pixels: (N, 3, H, W) BGR, 0 to 255.

        Returns:
            list: The pyramid, each (N, C, H_l, W_l); the network sees images padded to multiples of its strides.

        Raises:
            ValueError: If pixels come in another shape.
        """
        settings = self.spec['image']
        normalised = _normalise(pixels, settings)
        ends = [(0, 0), (0, 0), *((0, -side % settings['pad_size_divisor']) for side in normalised.shape[2:])]
        padded = np.pad(normalised, ends, constant_values=settings['pad_value'])
        return self._run('features', [padded])

    def encode_references(self, pixels: np.ndarray, masks: np.ndarray | None = None) -> Rows:
        """Encode references, each for itself.

        Args:
            pixels: (R, 3, h, w) BGR, 0 to 255, of the size that the reference pipeline makes.
            masks: (R, 1, h, w), 0 to 1, where the objects are; by default everywhere.

        Returns:
            tuple: What is kept of them: arrays (R, ...), one row a reference.

        Raises:
            ValueError: If pixels or masks come in another shape.
        """
        normalised = _normalise(pixels, self.spec['reference'])
        size = tuple(self.spec['reference']['size'])
        if normalised.shape[2:] != size:
            raise ValueError(
                f'references must be {size} (h, w), got {normalised.shape[2:]}; see ref_pipeline in model.json'
            )
        shape = (len(normalised), 1, *size)
        masks = np.ones(shape, np.float32) if masks is None else np.asarray(masks, np.float32)
        if masks.shape != shape:
            raise ValueError(f'masks of these references must be {shape}, got {masks.shape}')
        pyramid = self._run('features', [normalised])
        rows = self._run('references', [*pyramid, masks])
        return tuple(rows[: len(rows) - len(self._unread)])

    @staticmethod
    def merge_references(rows: Rows) -> Rows:
        """Merge several references of a category into one: the mean of their rows (R, ...), one row."""
        return tuple(row.mean(axis=0, keepdims=True) for row in rows)

    def detect(
        self,
        pyramid: Sequence[np.ndarray],
        query: Rows,
        img_shape: tuple[int, int],
        window: Sequence[float] | None = None,
    ) -> dict[str, np.ndarray]:
        """Search one image for one query.

        Args:
            pyramid: Of the image, each (1, C, H_l, W_l).
            query: One row, each (1, ...).
            img_shape: (h, w) of the image in the network input, without padding at its right and bottom.
            window: The image within its padding, xyxy, where ``spec['window']`` says that the model needs it.

        Returns:
            dict: ``bboxes`` (M, 4) xyxy in pixels of the network input, ``scores`` (M,) in 0-1, the best first, and if
            the model has masks, ``masks`` (M, h, w) in 0-1, each of its box; see :mod:`mmosis.search.onnx.paste`.

        Raises:
            ValueError: If it is not one image and one query, or the window is missing.
        """
        lengths = {len(array) for array in (*pyramid, *query)}
        if lengths != {1}:
            raise ValueError(f'detect takes one image and one query, got arrays of lengths {sorted(lengths)}')
        arrays = [*pyramid, *query, *self._unread, np.asarray(img_shape, np.int64)]
        if self.spec['window']:
            if window is None:
                raise ValueError('this model needs window, x1, y1, x2, y2 of the image within its padding; got none')
            arrays.append(np.asarray(window, np.float32))
        names = [output.name for output in self._graphs['detect'].get_outputs()]
        return dict(zip(names, self._run('detect', arrays), strict=True))

    def _run(self, name: str, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run a graph.

        Raises:
            DamagedError: If it fails, for another reason than too little memory: its weights may be damaged.
        """
        graph = self._graphs[name]
        feeds = dict(zip([given.name for given in graph.get_inputs()], arrays, strict=True))
        try:
            return graph.run(None, feeds)
        except Exception as error:  # ONNX Runtime has many types of errors
            if is_memory_error(error):
                raise
            raise damaged(self.folder, f'{name}.onnx: {error}') from error

    # ---------------------------------------------------------------- set-up

    def _find_unread(self) -> list[np.ndarray]:
        """Make what stands for the region that ``detect`` takes and does not read, in a folder of the first format."""
        outputs = self._graphs['references'].get_outputs()
        kept = count_kept([output.shape[1:] for output in outputs])
        unread = outputs[kept:] if self.spec['format'] == FIRST_FORMAT else []
        if any(is_read(self.folder / 'detect.onnx', output.name) for output in unread):
            return []
        return [np.zeros((1, *output.shape[1:]), np.float32) for output in unread]

    def _load(self, name: str, num_threads: int | None) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what goes wrong is raised too
        options.intra_op_num_threads = num_threads or default_threads()
        # Each graph has threads of its own; those that wait must not keep the others from the cores.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        providers = [provider for provider in PROVIDERS if provider in onnxruntime.get_available_providers()]
        path = self.folder / f'{name}.onnx'
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # ONNX Runtime has many types of errors
            raise damaged(self.folder, f'{path.name}: {error}') from error


def _normalise(pixels: np.ndarray, settings: dict) -> np.ndarray:
    """Normalise pixels (N, 3, H, W) BGR, 0 to 255, as the model's preprocessor does: float32."""
    pixels = np.asarray(pixels)
    if pixels.ndim != 4 or pixels.shape[1] != 3 or 0 in pixels.shape:
        raise ValueError(f'pixels must be (N, 3, H, W) BGR with N > 0, got {pixels.shape}')
    if settings['bgr_to_rgb']:
        pixels = pixels[:, ::-1]
    mean, std = (np.array(settings[name], np.float32)[:, None, None] for name in ('mean', 'std'))
    return (pixels.astype(np.float32) - mean) / std
