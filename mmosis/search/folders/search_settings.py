"""What the results of a search hang on, for its journal."""

import hashlib
import json
from dataclasses import asdict

from mmosis.search.base import SearchBase
from mmosis.search.options import SearchOptions
from mmosis.search.reference_bank import ReferenceBank


def describe_settings(inferencer: SearchBase, bank: ReferenceBank, options: SearchOptions) -> dict:
    """All that results hang on, as plain values."""
    of_videos = dict(every=options.every, track=options.track)
    return dict(
        {name: getattr(options, name) for name in ('score_thr', 'keep_all', 'overlays')},
        polygons=options.polygons is not None,
        tolerance=options.polygons or None,  # and crops: null where it is off, as in journals from before
        crops=options.crops or None,
        **{name: value for name, value in of_videos.items() if value != getattr(SearchOptions, name)},
        classes=bank.names,
        references=_digest(bank),
        **asdict(inferencer.view_settings(options)),
        calibration=inferencer.calibration and asdict(inferencer.calibration),
        precision=inferencer.precision,
    )


def _digest(bank: ReferenceBank) -> str:
    """Hash encodings, categories, sizes and places, so that only a search for the same references is resumed."""
    places = [(entry.bbox, entry.picture, entry.outline) for entry in bank.entries]
    digest = hashlib.sha256(json.dumps([bank.fingerprint, bank.categories, bank.sizes(), places]).encode())
    for array in bank.encoded:
        digest.update(array.tobytes())
    return digest.hexdigest()
