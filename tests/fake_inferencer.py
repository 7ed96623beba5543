"""FakeInferencer: a model that finds the same three things everywhere, for tests of what is around it."""

from collections.abc import Generator, Sequence
from threading import Event

import numpy as np

from mmosis.search import BankEntry, ReferenceBank, SearchOptions, parse_references
from mmosis.search.view_search import Searched, Step
from mmosis.search.views import Plan
from mmosis.structures import FoundObjects, RLEMasks

SCORES = (0.9, 0.6, 0.3)
SIDE = 20


class FakeInferencer:
    """Finds three squares on the diagonal of any image; counts what it is asked for, and searches that were ended.

    Each of its ``views`` waits as long as ``gate`` is closed.
    """

    views = 1
    fingerprint = 'fake'
    runtime = 'onnx'
    options = SearchOptions()

    def __init__(self) -> None:
        self.encoded = []
        self.searches = []
        self.closed = 0
        self.gate = Event()
        self.gate.set()

    def encode(self, references: list, searched: Sequence | None = None) -> ReferenceBank:
        parsed = parse_references(references, searched)
        self.encoded += parsed
        entries = [BankEntry(each.name, each.negative, each.origin) for each in parsed]
        encoded = [np.zeros((len(parsed), 2), np.float32)]
        return ReferenceBank(entries, [each.load()[1] for each in parsed], encoded, self.fingerprint)

    def search_batch(
        self, images: list[np.ndarray], bank: ReferenceBank, options: SearchOptions
    ) -> Generator[Step, None, list[Searched]]:
        (image,) = images
        bank.check_fingerprint(self.fingerprint)
        self.searches.append(dict(image=image, bank=bank, options=options))
        views = self.views
        try:
            for done in range(1, views + 1):
                self.gate.wait(30)
                yield done, views
        except GeneratorExit:
            self.closed += 1
            raise
        height, width = image.shape[:2]
        return [Searched(self._find(image, bank), (Plan(((0, 0, width, height),) * views, 640),))]

    @staticmethod
    def _find(image: np.ndarray, bank: ReferenceBank) -> FoundObjects:
        masks = np.zeros((len(SCORES), *image.shape[:2]), bool)
        corners = [SIDE * i for i in range(len(SCORES))]
        for mask, corner in zip(masks, corners, strict=True):
            mask[corner : corner + SIDE, corner : corner + SIDE] = True
        return FoundObjects(
            bboxes=np.array([[corner, corner, corner + SIDE, corner + SIDE] for corner in corners], np.float32),
            scores=np.array(SCORES, np.float32),
            labels=np.arange(len(SCORES)) % len(bank.names),
            masks=RLEMasks.encode(masks),
        )
