import os

import pytest

from mmosis.utils.environment import variable_by_default

NAME = 'MMOSIS_TEST_OF_VARIABLES'


def test_it_is_set_for_the_block_alone() -> None:
    with variable_by_default(NAME, '1'):
        assert os.environ[NAME] == '1'
    assert NAME not in os.environ


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, '0')
    with variable_by_default(NAME, '1'):
        assert os.environ[NAME] == '0'
    assert os.environ[NAME] == '0'
