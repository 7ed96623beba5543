import gc

import pytest

from mmosis.utils.garbage import garbage_collection_paused


def test_it_goes_on_as_it_was() -> None:
    assert gc.isenabled()
    with pytest.raises(KeyError), garbage_collection_paused():
        assert not gc.isenabled()
        with garbage_collection_paused():
            pass
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()
