"""Words that users type wrongly are reported in one line, with what was meant."""

import pytest

from mmosis.cli import parse_args

ENOUGH = ('search', 'a.jpg', '--out', 'out', '--reference', 'b.jpg')


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ((), 'mmosis: error: say what to do: search, index, serve; mmosis --help'),
        (('serch', 'a.jpg'), 'did you mean search?; mmosis --help'),
        (('Index', 'a.jpg'), 'did you mean index?; mmosis --help'),
        (('xyz',), "argument COMMAND: invalid choice: 'xyz' (choose from "),
        (
            ('search', 'a.jpg', '--reference', 'b.jpg'),
            'the following arguments are required: --out; mmosis search',
        ),
        (
            (*ENOUGH, '--scorethr', '0.5'),
            'unrecognized arguments: --scorethr 0.5; did you mean --score-thr?; ',
        ),
        ((*ENOUGH, '--image-size=64'), '--image-size=64; did you mean --image-scale?; mmosis search --help'),
        (('index', 'a', '--out', 'b', '--modell', 'c'), 'did you mean --model?; mmosis index --help'),
        (('serve', '--prot', '80'), 'did you mean --port?; mmosis serve --help'),
        (
            (*ENOUGH, '--format', 'yolov8'),
            "--format: the format must be one of coco, yolo, labelme, voc, csv, got 'yolov8'; did",
        ),
        ((*ENOUGH, '--qqqqqq'), 'unrecognized arguments: --qqqqqq; mmosis search --help'),
        ((*ENOUGH, '--score-thr', '0,5'), "argument --score-thr: a number is written like 0.5, got '0,5'"),
        ((*ENOUGH, '--overlap', 'half'), "argument --overlap: a number is written like 0.5, got 'half'"),
        (
            ('search', 'https://a.b/c.jpg', *ENOUGH[2:]),
            'IMAGES: https://a.b/c.jpg is an address, and nothing',
        ),
        ((*ENOUGH, '--reference', 'HTTP://a.b/c'), '--reference: HTTP://a.b/c is an address, and nothing is fetched'),
        (
            (*ENOUGH, '--negative', 'ftp://a.b/c'),
            '--negative: ftp://a.b/c is an address, and nothing is fetched',
        ),
        ((*ENOUGH, '--mask', 'https://a.b/c.png'), '--mask: https://a.b/c.png is an address, and nothing is fetched'),
        ((*ENOUGH[:4], '--bank', 'https://a.b/c'), '--bank: https://a.b/c is an address, and nothing is fetched'),
        (('index', 'https://a.b/c.jpg', '--out', 'lib'), 'IMAGES: https://a.b/c.jpg is an address, and nothing is'),
        (
            ('search', 'a.json', *ENOUGH[2:]),
            'argument IMAGES: a.json is no image: give images, their folder, or a',
        ),
        ((*ENOUGH, '--reference', 'a.JSON'), 'argument --reference: a.JSON is no image: give images, their folder'),
        (('serve', '--port', '99999'), "argument --port: a port is a number up to 65535, got '99999'"),
        (('serve', '--port', '-1'), 'argument --port: '),
        (('search', '', *ENOUGH[2:]), "argument IMAGES: it is empty, got ''; give it, or omit the option"),
        ((*ENOUGH, '--save-bank', ' '), "argument --save-bank: it is empty, got ' '"),
        ((*ENOUGH[:4], '--bank', ''), 'argument --bank: it is empty'),
        ((*ENOUGH, '--out', ''), 'argument --out: it is empty'),
        ((*ENOUGH, '--model', ''), 'argument --model: it is empty'),
        ((*ENOUGH, '--weights', ''), 'argument --weights: it is empty'),
        ((*ENOUGH, '--device', ''), 'argument --device: it is empty'),
    ],
)
def test_one_line(words: tuple, message: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit, match='2'):
        parse_args(words)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('mmosis')
    assert message in line
    assert line.endswith(' --help tells more')


def test_what_is_right_is_taken() -> None:
    args = parse_args([*ENOUGH, '--score-thr', '.5', '--overlap', '1e-1'])
    assert (args.images, args.score_thr, args.overlap) == (['a.jpg'], 0.5, 0.1)
    assert parse_args(['search', 's3://bucket/a.jpg', *ENOUGH[2:]]).images == ['s3://bucket/a.jpg']
    assert parse_args(['serve', '--port', '0']).port == 0
