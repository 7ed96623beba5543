import gc

import pytest

from mmosis.utils.garbage import garbage_collection_paused


def test_it_goes_on_as_it_was() -> None:
    assert gc.isenabled()
    with garbage_collection_paused():
        assert not gc.isenabled()
        with garbage_collection_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), garbage_collection_paused():
        raise ZeroDivisionError
    assert gc.isenabled()
