import pytest

from projects.scenes.journal import fill_journal, read_journal


def _make(index):
    return dict(square=index**2)


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / 'new' / 'journal.jsonl'
    fill_journal(path, dict(seed=0, size=(1, 2)), _make, 5)
    return path


def test_records_are_kept_in_their_order(journal):
    assert [record['square'] for record in read_journal(journal)] == [0, 1, 4, 9, 16]
    assert [record['square'] for record in read_journal(journal, 2)] == [0, 1]


def test_workers_make_no_difference(journal, tmp_path):
    fill_journal(tmp_path / 'helped', dict(seed=0, size=(1, 2)), _make, 5, num_workers=2)
    assert (tmp_path / 'helped').read_bytes() == journal.read_bytes()


@pytest.mark.parametrize('kept', [0, 5, 27, 40, -1])
def test_what_is_missing_or_half_written_is_made(journal, kept):
    complete = journal.read_bytes()
    journal.write_bytes(complete[:kept])
    fill_journal(journal, dict(seed=0, size=(1, 2)), _make, 5)
    assert journal.read_bytes() == complete


def test_what_is_done_is_not_made_again(journal):
    made = []
    fill_journal(journal, dict(seed=0, size=[1, 2]), made.append, 4)
    assert made == []
    fill_journal(journal, dict(seed=0, size=[1, 2]), made.append, 7)
    assert made == [5, 6]


def test_other_settings_are_refused(journal):
    with pytest.raises(
        ValueError, match=r'new was begun with other settings \(noise was None, is 3; seed was 0, is 1\)'
    ):
        fill_journal(journal, dict(seed=1, size=(1, 2), noise=3), _make, 5)


def test_a_failure_keeps_what_was_made(tmp_path):
    def fail(index):
        return index if index < 2 else 1 / 0

    with pytest.raises(ZeroDivisionError):
        fill_journal(tmp_path / 'journal', {}, fail, 5)
    assert list(read_journal(tmp_path / 'journal')) == [0, 1]
