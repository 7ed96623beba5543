"""The arguments of the command ``mmosis``: what is read, and what is refused."""

import sys
from argparse import ArgumentTypeError

import pytest

import mmosis
from mmosis.cli_arguments import parse_args
from mmosis.cli_parser import parse_box
from mmosis.search import SearchOptions


class TestParse:
    def references(self, *args: str) -> list[dict]:
        return parse_args(['search', 'photos', '--out', 'found', *args]).references

    def test_several_references(self) -> None:
        assert self.references(
            *('--reference', 'a.png', '--box', '1,2.5,3,4', '--name', 'mug'),
            *('--reference', 'b.png'),
            *('--negative', 'c.png', '--name', 'plate', '--mask', 'm.png'),
            *('--reference', 'a.png', '--name', 'mug'),
        ) == [
            dict(img='a.png', negative=False, bbox=(1, 2.5, 3, 4), name='mug'),
            dict(img='b.png', negative=False),
            dict(img='c.png', negative=True, name='plate', mask='m.png'),
            dict(img='a.png', negative=False, name='mug'),
        ]

    def test_boxes_on_the_searched_image(self) -> None:
        assert self.references('--box', '1,2,3,4') == [dict(bbox=(1, 2, 3, 4))]
        assert self.references('--name', 'mug', '--box', '1,2,3,4', '--reference', 'a.png') == [
            dict(name='mug', bbox=(1, 2, 3, 4)),
            dict(img='a.png', negative=False),
        ]

    @pytest.mark.parametrize(
        ('names', 'expected'),
        [
            ((None, None, None), (None, None, None)),
            (('mug', None, None), ('mug', 'mug', 'mug')),
            (('mug', 'cup', None), ('mug', 'cup', 'cup')),
            ((None, 'cup', None), ('cup', 'cup', 'cup')),
            ((None, None, 'cup'), ('cup', 'cup', 'cup')),
            (('mug', None, 'cup'), ('mug', 'mug', 'cup')),
            ((None, 'mug', 'cup'), ('mug', 'mug', 'cup')),
        ],
    )
    def test_boxes_without_a_name_have_that_of_a_neighbour(self, names: tuple, expected: tuple) -> None:
        args = []
        for name in names:
            args += ['--box', '1,2,3,4'] + (['--name', name] if name else [])
        references = self.references(*args)
        assert [reference.get('name') for reference in references] == list(expected)
        assert [set(reference) - {'name'} for reference in references] == 3 * [{'bbox'}]

    def test_a_name_goes_before_or_behind_all_boxes(self) -> None:
        boxes = ('--box', '1,2,3,4', '--box', '5,6,7,8')
        expected = [dict(bbox=(1, 2, 3, 4), name='coin'), dict(bbox=(5, 6, 7, 8), name='coin')]
        assert self.references(*boxes, '--name', 'coin') == expected
        assert self.references('--name', 'coin', *boxes) == expected

    def test_names_of_boxes_are_not_those_of_files(self) -> None:
        references = self.references('--box', '1,2,3,4', '--box', '5,6,7,8', '--reference', 'a.png', '--name', 'mug')
        assert references == [
            dict(bbox=(1, 2, 3, 4)),
            dict(bbox=(5, 6, 7, 8)),
            dict(img='a.png', negative=False, name='mug'),
        ]

    @pytest.mark.parametrize('box', [('--box', '-20,-20,60,60'), ('--box=-20,-20,60,60',), ('--box', '-20, -20,60,60')])
    def test_a_box_may_begin_with_a_minus(self, box: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.references('--reference', 'a', *box)[0]['bbox'] == (-20, -20, 60, 60)
        monkeypatch.setattr(sys, 'argv', ['mmosis', 'search', 'photos', '--out', 'found', *box])
        assert parse_args().references == [dict(bbox=(-20, -20, 60, 60))]

    @pytest.mark.parametrize(
        ('args', 'tolerance'),
        [
            ((), None),
            (('--polygons',), 0),
            (('--polygons', '1.5'), 1.5),
            (('--polygons=2',), 2),
            (('--polygons', '--resume'), 0),
            (('--polygons', '-1'), -1),
        ],
    )
    def test_images_may_follow_polygons(self, args: tuple, tolerance: float | None) -> None:
        parsed = parse_args(['search', '--out', 'found', '--bank', 'b', *args, 'photos'])
        assert (parsed.polygons, parsed.images) == (tolerance, ['photos'])

    def test_lines_do_not_share_references(self) -> None:
        assert self.references('--reference', 'a.png') == self.references('--reference', 'a.png')

    def test_defaults(self) -> None:
        args = parse_args(['search', 'a.jpg', 'photos', '--out', 'found', '--bank', 'b'])
        expected = dict(
            command='search',
            images=['a.jpg', 'photos'],
            out='found',
            references=[],
            bank='b',
            save_bank=None,
            score_thr=0.5,
            keep_all=False,
            polygons=None,
            format=None,
            crops=False,
            overlays=True,
            resume=False,
            tile=None,
            overlap=None,
            ray=None,
            model=None,
            weights=None,
            device=None,
            image_scale=None,
            precision=None,
            runtime=None,
        )
        assert vars(args).items() >= expected.items()
        assert args.score_thr == SearchOptions().score_thr

    @pytest.mark.parametrize(
        ('args', 'message'),
        [
            (('--reference', 'a', '--box', '1,2,3,4', '--box', '1,2,3,4'), '--box is given twice for one reference'),
            (
                ('--reference', 'a', '--name', 'b', '--name', 'c'),
                '--name is given twice for one reference; ',
            ),
            (('--negative', 'a', '--mask', 'b', '--mask', 'c'), '--mask is given twice for one reference'),
            (('--name', 'b', '--name', 'c'), '--name is given twice for one reference'),
            (('--box', '1,2,3,4', '--name', 'b', '--name', 'c'), '--name is given twice for one reference'),
            ((), 'say what to search for: either by --reference (or --box on the searched image), or by --bank'),
            (('--bank', 'b', '--reference', 'a'), 'say what to search for: either by --reference'),
            (('--reference', 'a', '--box', '1,2,3'), "a box is x1,y1,x2,y2 in pixels, got '1,2,3'"),
        ],
    )
    def test_what_is_not_clear(self, args: tuple, message: str, capsys: pytest.CaptureFixture) -> None:
        with pytest.raises(SystemExit, match='2'):
            self.references(*args)
        assert message in capsys.readouterr().err

    def test_box(self) -> None:
        assert parse_box('1, 2.5,-3,4e1') == (1, 2.5, -3, 40)
        for text in ('', '1,2,3', '1,2,3,4,5', 'a,2,3,4', '1;2;3;4'):
            with pytest.raises(ArgumentTypeError, match=f"a box is x1,y1,x2,y2 in pixels, got '{text}'"):
                parse_box(text)

    def test_version(self, capsys: pytest.CaptureFixture) -> None:
        with pytest.raises(SystemExit, match='0'):
            parse_args(['--version'])
        assert capsys.readouterr().out == f'mmosis {mmosis.__version__}\n'
