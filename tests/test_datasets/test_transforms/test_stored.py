import pytest
from mmdet.registry import TRANSFORMS


def test_a_store_that_is_not_there_is_named_with_what_makes_it(tmp_path) -> None:
    message = (
        rf'there is no finished store of crops in {tmp_path}; tools/dataset_converters/make_crop_store\.py makes one'
    )
    with pytest.raises(FileNotFoundError, match=message):
        TRANSFORMS.build(dict(type='LoadStoredReference', store=str(tmp_path)))
