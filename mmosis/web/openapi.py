"""describe_api: the HTTP API in OpenAPI 3.1, for GET /openapi.json."""

from collections.abc import Mapping
from typing import Any

from mmosis.search.exports import FORMATS
from mmosis.version import __version__

from .bank_routes import BINARY
from .form import UploadLimits
from .search_routes import LINES

FORM, JSON, ZIP = 'multipart/form-data', 'application/json', 'application/zip'
REASONS = {
    '400': 'A field is missing or wrong; the sentence says which, and what it may be.',
    '401': 'The token is missing or wrong.',
    '404': 'There is no bank of this name.',
    '413': 'A file or the request is too large.',
    '415': 'The request is no form.',
    '503': 'Too many requests wait; Retry-After says for how many seconds to wait.',
}
FILE = dict(type='string', contentMediaType=BINARY)
PIXELS = dict(type='integer', minimum=1, description='Pixels; by default as the size of the object asks for.')
REFERENCE_DESCRIPTION = (
    'JSON: a list of references. image names the file field with its image; null is the searched image itself. Without '
    'a box and a mask the whole image shows the object. References of one name are one category.'
)
SCHEMAS: dict[str, Any] = dict(
    Error=dict(type='object', required=['error'], properties=dict(error=dict(type='string'))),
    Health=dict(
        type='object',
        required=['status', 'model_class', 'version', 'model', 'runtime', 'formats'],
        properties=dict(
            status=dict(const='UP'),
            model_class=dict(const='mmosis'),
            version=dict(type='string'),
            model=dict(type='string', description='Beginning of the fingerprint that the banks of this model have.'),
            runtime=dict(enum=['torch', 'onnx']),
            max_upload_mb=dict(type='integer', description='Largest file.'),
            max_request_mb=dict(type='integer', description='Largest request.'),
            max_pixels=dict(type='integer', description='Of an image.'),
            formats=dict(type='array', items=dict(enum=list(FORMATS))),
        ),
    ),
    RLE=dict(
        type='object',
        description="COCO's run lengths, compressed as pycocotools does.",
        required=['size', 'counts'],
        properties=dict(
            size=dict(type='array', items=dict(type='integer'), minItems=2, maxItems=2, description='[height, width]'),
            counts=dict(type='string'),
        ),
    ),
    Polygons=dict(
        type='array',
        description='[x, y, x, y, ...] of each part, pixels of the image.',
        items=dict(type='array', items=dict(type='number'), minItems=6),
    ),
    Segmentation=dict(anyOf=[{'$ref': '#/components/schemas/RLE'}, {'$ref': '#/components/schemas/Polygons'}]),
    Reference=dict(
        type='object',
        additionalProperties=False,
        properties=dict(
            image=dict(type=['string', 'null']),
            box=dict(type=['array', 'null'], items=dict(type='number'), minItems=4, maxItems=4, description='x1y1x2y2'),
            mask=dict(anyOf=[{'$ref': '#/components/schemas/Segmentation'}, dict(type='null')]),
            name=dict(type='string', default='object'),
            negative=dict(type='boolean', default=False, description='Whether it shows what is not meant.'),
        ),
    ),
    Object=dict(
        type='object',
        required=['label', 'category', 'score', 'bbox', 'area', 'segmentation'],
        properties=dict(
            label=dict(type='integer', minimum=0, description='Position of the category in classes.'),
            category=dict(type='string'),
            score=dict(type='number', minimum=0, maximum=1),
            bbox=dict(type='array', items=dict(type='number'), minItems=4, maxItems=4, description='x, y, w, h'),
            area=dict(type='number', minimum=0),
            segmentation={'$ref': '#/components/schemas/Segmentation'},
        ),
    ),
    Result=dict(
        type='object',
        required=['width', 'height', 'classes', 'seconds', 'searched', 'best_score', 'objects'],
        properties=dict(
            width=dict(type='integer'),
            height=dict(type='integer'),
            classes=dict(type='array', items=dict(type='string')),
            seconds=dict(type='number', minimum=0),
            searched=dict(type='string', description='In which views, e.g. "in 12 tiles of 768 pixels".'),
            best_score=dict(type='number', description='Also where nothing reaches score_thr.'),
            objects=dict(type='array', items={'$ref': '#/components/schemas/Object'}),
        ),
    ),
    Progress=dict(
        type='object',
        required=['done', 'of'],
        properties=dict(done=dict(type='integer', minimum=0), of=dict(type='integer', minimum=0)),
    ),
    Bank=dict(
        type='object',
        required=['name', 'classes'],
        properties=dict(name=dict(type='string'), classes=dict(type='array', items=dict(type='string'))),
    ),
    Banks=dict(
        type='object',
        required=['banks'],
        properties=dict(banks=dict(type='array', items={'$ref': '#/components/schemas/Bank'})),
    ),
    BankContent=dict(
        type='object',
        required=['classes', 'references'],
        properties=dict(
            classes=dict(type='array', items=dict(type='string')),
            references=dict(
                type='array',
                items=dict(
                    type='object',
                    required=['name', 'negative', 'origin', 'thumbnail'],
                    properties=dict(
                        name=dict(type='string'),
                        negative=dict(type='boolean'),
                        origin=dict(type='string'),
                        thumbnail=dict(type='string', description='Address of the scheme data:, a PNG.'),
                    ),
                ),
            ),
        ),
    ),
)
NAME = dict(name='name', required=True, schema=dict(type='string', maxLength=60), **{'in': 'path'})
SEARCH_FIELDS = dict(
    image=FILE,
    bank=dict(FILE, description='Encoded references, as /bank makes them.'),
    bank_name=dict(type='string', description='Name of a bank that is kept here.'),
    score_thr=dict(type='number', minimum=0, maximum=1, description='Lowest score.'),
    keep_all=dict(type='boolean', description='Whether several categories may claim one object.'),
    polygons=dict(type=['number', 'boolean'], description='Tolerance in pixels of polygons; without it masks are RLE.'),
    add_boxed=dict(type='boolean', description='Whether references on the searched image are in what is found.'),
    tile=PIXELS,
    overlap=dict(type='number', description='Common fraction of neighbouring tiles.'),
    image_scale=PIXELS,
)
EXPORT_FIELDS = dict(
    annotations=dict(
        type='string',
        contentMediaType=JSON,
        description='A COCO-format file: images, annotations, with RLE or polygons and maybe a score, categories.',
    ),
    format=dict(enum=list(FORMATS)),
    polygons=SEARCH_FIELDS['polygons'],
    overlays=dict(type='boolean', description='Whether images with what was found drawn on them are in it.'),
    crops=dict(type='boolean', description='Whether each object is in it as an image.'),
    images=dict(type='array', items=FILE, description='Images, each called as its file_name says.'),
)


def describe_api(limits: UploadLimits) -> dict[str, Any]:
    """Describe the API.

    Args:
        limits: Of what is uploaded.
    """
    described = (
        f'Search images for what references show. Files have at most {limits.max_upload_mb} MB, images '
        f'{limits.max_pixels} pixels. Errors are {{"error": "a sentence"}}. The page at / uses this API and no other.'
    )
    return dict(
        openapi='3.1.0',
        info=dict(title='mmosis', version=__version__, description=described, license=dict(name='Apache-2.0')),
        security=[{}, dict(bearer=[]), dict(basic=[]), dict(header=[])],
        paths=_paths(),
        components=dict(
            schemas=SCHEMAS,
            securitySchemes=dict(
                bearer=dict(type='http', scheme='bearer'),
                basic=dict(type='http', scheme='basic', description='The token is the password; any name will do.'),
                header=dict(type='apiKey', name='Token', **{'in': 'header'}),
            ),
        ),
    )


def _paths() -> dict[str, Any]:
    references = dict(references=_json_field('Reference'))
    result = {JSON: _ref('Result'), LINES: dict(description='Lines of Progress, then a Result or an Error.')}
    bank = {BINARY: FILE}
    return {
        '/health': dict(get=_operation('State and limits of the server', {JSON: _ref('Health')}, is_open=True)),
        '/openapi.json': dict(get=_operation('This description', {JSON: dict(type='object')}, is_open=True)),
        '/search': dict(
            post=_operation(
                'Search an image, by one of bank, bank_name and references; with Accept: application/x-ndjson with '
                'progress. A client that goes away stops the search.',
                result,
                _form(SEARCH_FIELDS | references, ['image']),
                ('400', '404', '413', '415', '503'),
            )
        ),
        '/bank': dict(
            post=_operation(
                'Encode references into a bank, and join it with others',
                bank,
                _form(references | dict(merge=dict(type='array', items=FILE)), []),
                ('400', '413', '415', '503'),
            )
        ),
        '/bank/describe': dict(
            post=_operation('What is in a bank', {JSON: _ref('BankContent')}, _body(bank), ('400', '413'))
        ),
        '/banks': dict(get=_operation('The banks that are kept here', {JSON: _ref('Banks')})),
        '/banks/{name}': dict(
            parameters=[NAME],
            get=_operation('Read a bank', bank, errors=('404',)),
            put=_operation('Keep a bank', {JSON: _ref('Bank')}, _body(bank), ('400', '413')),
            delete=_operation('Remove a bank', {}, errors=('404',)),
        ),
        '/export': dict(
            post=_operation(
                'Write annotations in another format, with overlays and crops',
                {ZIP: FILE},
                _form(EXPORT_FIELDS, ['annotations', 'format']),
                ('400', '413', '415'),
            )
        ),
    }


def _operation(
    summary: str,
    content: Mapping[str, Any],
    body: dict | None = None,
    errors: tuple[str, ...] = (),
    is_open: bool = False,
) -> dict[str, Any]:
    responses = {'200' if content else '204': dict(description='Done.', **_content(content))}
    for status in sorted({*errors} if is_open else {*errors, '401'}):
        responses[status] = dict(description=REASONS[status], **_content({JSON: _ref('Error')}))
    responses['default'] = dict(
        description='Not asked as this server, from the page of another, or a fault of the server.',
        **_content({JSON: _ref('Error')}),
    )
    described = dict(summary=summary, responses=responses)
    if body:
        described['requestBody'] = body
    return described | (dict(security=[]) if is_open else {})


def _content(content: Mapping[str, Any]) -> dict[str, Any]:
    return dict(content={type_: dict(schema=schema) for type_, schema in content.items()}) if content else {}


def _body(content: Mapping[str, Any]) -> dict[str, Any]:
    return dict(required=True, **_content(content))


def _form(fields: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """A form; its other fields are the files that references name."""
    others = dict(additionalProperties=FILE) if 'references' in fields else dict(additionalProperties=False)
    return _body({FORM: dict(type='object', properties=fields, required=required, **others)})


def _json_field(schema: str) -> dict[str, Any]:
    items = dict(type='array', items=_ref(schema))
    return dict(type='string', contentMediaType=JSON, contentSchema=items, description=REFERENCE_DESCRIPTION)


def _ref(schema: str) -> dict[str, str]:
    return {'$ref': f'#/components/schemas/{schema}'}
