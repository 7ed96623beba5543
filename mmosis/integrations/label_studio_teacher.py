"""Teacher: what is labelled in Label Studio becomes references, in a bank for each project."""

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import reduce
from time import sleep
from typing import Any

import numpy as np

from mmosis.search import ReferenceBank
from mmosis.search.service import Busy, SearchService

from .label_studio_config import Control, read_label_config
from .label_studio_regions import DrawnRegion, read_region

PREFIX = 'label-studio-'  # of the names of these banks
MADE = ('ANNOTATION_CREATED', 'ANNOTATIONS_CREATED', 'ANNOTATION_UPDATED')
GONE = ('ANNOTATION_DELETED', 'ANNOTATIONS_DELETED')
MAX_OF_LABEL = 20  # references that an annotation gives of a label: its largest regions
MAX_WAITING = 1000  # annotations
PATIENCE = 600  # seconds that a busy model is waited for

logger = logging.getLogger(__name__)
LoadImage = Callable[[Any, str], np.ndarray]  # by the data of a task and the name of its field


class Teacher:
    """Banks of projects, and the annotations that are to come into them.

    Label Studio waits for a second for the answer to a webhook, so annotations are read afterwards, one by one in the
    order in which they came.

    Args:
        service: What encodes references, and keeps banks.
        load_image: Loads the image of a task.
    """

    def __init__(self, service: SearchService, load_image: LoadImage) -> None:
        self.service, self.load_image = service, load_image
        self._thread = ThreadPoolExecutor(1, 'label-studio-teacher')
        self._waiting: list[Future] = []

    def take(self, content: dict) -> dict:
        """Take a webhook's content.

        Raises:
            Busy: If too many annotations wait.
            ValueError: If the content is not that of its action.
        """
        action = content.get('action')
        if action not in (*MADE, *GONE):  # START_TRAINING among them: all is learnt as it comes
            return dict(status='ok')
        project = content.get('project')
        if not isinstance(project, dict):
            raise ValueError('a webhook of an annotation has a project')
        name = PREFIX + project_id(project.get('id'))
        annotations = as_list(content.get('annotation') or content.get('annotations'))
        if action in GONE:
            return self._queue([(self._forget, name, _source(annotation)) for annotation in annotations])
        controls = read_label_config(project.get('label_config'))
        tasks = as_list(content.get('task'))
        of_annotations = [[task for task in tasks if task.get('id') == each.get('task')] for each in annotations]
        if not all(of_annotations):
            raise ValueError('a webhook of an annotation has its task')
        return self._queue(
            [
                (self._learn, name, _source(annotation), annotation, task, controls)
                for annotation, (task, *_) in zip(annotations, of_annotations, strict=True)
            ]
        )

    def wait(self) -> None:
        """Wait until what was taken so far is learnt."""
        for future in list(self._waiting):
            future.result()

    def bank(self, project: str, controls: Sequence[Control]) -> ReferenceBank | None:
        """Bank for the labels of a project: its own references, and of labels without any those of stored banks.

        Raises:
            ValueError: If a bank is broken.
        """
        labels = {label for control in controls for label in control.labels}
        names, bank = self.service.banks.names(), None
        if PREFIX + project in names:
            bank = _select(self.service.banks.load(PREFIX + project), labels)
        for name in names:
            missing = labels - set(bank.names if bank else ())
            if missing and not name.startswith(PREFIX):
                more = _select(self.service.banks.load(name), missing)
                if more is not None and more.fingerprint == self.service.inferencer.fingerprint:
                    bank = more if bank is None else bank.add(more)
        return bank

    def version(self, bank: ReferenceBank | None) -> str:
        """Name the version of model and bank; when it changes, Label Studio asks for predictions again."""
        digest = hashlib.blake2b(self.service.inferencer.fingerprint.encode(), digest_size=4)
        for entry in bank.entries if bank else ():
            digest.update(f'{entry.name} {entry.negative} {entry.origin} '.encode())
        for array in bank.encoded if bank else ():
            digest.update(np.ascontiguousarray(array))
        return f'mmosis {digest.hexdigest()}'

    def _queue(self, jobs: list[tuple]) -> dict:
        self._waiting = [future for future in self._waiting if not future.done()]
        if len(self._waiting) + len(jobs) > MAX_WAITING:
            raise Busy(f'{len(self._waiting)} annotations wait already; send them again later')
        self._waiting += [self._thread.submit(*job) for job in jobs]
        return dict(status='queued', annotations=len(jobs))

    def _forget(self, name: str, source: str) -> None:
        try:
            self.service.banks.replace(name, source, None)
        except (ValueError, OSError) as error:
            logger.warning('%s is not removed from %s: %s', source, name, error)

    def _learn(self, name: str, source: str, annotation: dict, task: dict, controls: Sequence[Control]) -> None:
        """Put the regions of an annotation into a bank, instead of those that it had before."""
        try:
            bank = None if annotation.get('was_cancelled') else self._encode(source, annotation, task, controls)
            self.service.banks.replace(name, source, bank)
        except (ValueError, OSError, Busy) as error:
            logger.warning('%s is not learnt: %s', source, error)

    def _encode(self, source: str, annotation: dict, task: dict, controls: Sequence[Control]) -> ReferenceBank | None:
        keys = {control.name: control.data_key for control in controls}
        of_image = [region for region in as_list(annotation.get('result')) if region.get('from_name') in list(keys)]
        if not of_image:
            return None
        image = self.load_image(task.get('data'), keys[of_image[0]['from_name']])
        regions = _largest([region for each in of_image if (region := _try_read(each, image, source))])
        banks = [self._encode_region(region, image, source) for region in regions]
        banks = [bank for bank in banks if bank is not None]
        return reduce(ReferenceBank.add, banks) if banks else None

    def _encode_region(self, region: DrawnRegion, image: np.ndarray, source: str) -> ReferenceBank | None:
        reference = dict(img=image, bbox=region.bbox, mask=region.mask, name=region.label, source=source)
        for _ in range(PATIENCE):
            try:
                return self.service.encode([reference])
            except Busy:
                sleep(1)
            except ValueError as error:  # too small, or all of the image
                logger.warning('a region is skipped: %s', error)
                return None
        return self.service.encode([reference])


def _try_read(region: dict, image: np.ndarray, source: str) -> DrawnRegion | None:
    try:
        read = read_region(region, image.shape[:2])
    except ValueError as error:
        logger.warning('%s a region is skipped: %s', source, error)
        return None
    return read if read is not None and read.point is None and read.area else None


def _largest(regions: list[DrawnRegion]) -> list[DrawnRegion]:
    """The largest regions of each label, so that an image of many objects is learnt quickly."""
    ordered = sorted(regions, key=lambda region: -region.area)
    labels = [region.label for region in ordered]
    return [region for i, region in enumerate(ordered) if labels[:i].count(region.label) < MAX_OF_LABEL]


def _select(bank: ReferenceBank, labels: set[str]) -> ReferenceBank | None:
    """References of labels, and the negative ones with them; None if it has no such labels."""
    return None if labels.isdisjoint(bank.names) else bank.select_names(labels)


def _source(annotation: dict) -> str:
    """Where a reference is from, in its bank; of no two annotations one is the beginning of the other."""
    number = annotation.get('id')
    if not isinstance(number, int):
        raise ValueError('an annotation has a number as its id')
    return f'Label Studio annotation {number},'


def project_id(project: Any) -> str:
    """Id of a project, which Label Studio also gives with the time of its creation: ``'7.1700000000'``.

    Raises:
        ValueError: If it is none.
    """
    text = str(project).partition('.')[0]
    if not re.fullmatch('[0-9]{1,20}', text):
        raise ValueError(f'a project is known by its number, got {str(project)[:50]!r}')
    return text


def as_list(value: Any) -> list[dict]:
    """List the objects of a list, or the only one."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]
