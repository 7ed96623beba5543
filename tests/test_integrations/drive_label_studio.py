"""Drive a Label Studio by its own SDK, in its own environment: python drive_label_studio.py URL TOKEN BACKEND FOLDER.

Prints what came, as JSON.
"""

import json
import sys
import time
from pathlib import Path

import requests
from label_studio_sdk import LabelStudio

CONFIG = """<View><Image name="photo" value="$image"/>
<BrushLabels name="brush" toName="photo"><Label value="mug"/></BrushLabels>
<RectangleLabels name="box" toName="photo" smart="true"><Label value="mug"/></RectangleLabels></View>"""
BOX = dict(
    type='rectanglelabels', from_name='box', to_name='photo', original_width=160, original_height=120, image_rotation=0,
    value=dict(x=6.25, y=100 / 12, width=12.5, height=100 / 6, rotation=0, rectanglelabels=['mug']),
)  # fmt: skip


class Asker:
    """Asks an HTTP API where the SDK has no method for it."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url, self.session = url, requests.Session()
        if token is not None:  # or there is a password in the address
            self.session.headers['Authorization'] = f'Token {token}'

    def __call__(self, method: str, path: str, **content) -> dict | list:
        response = self.session.request(method, self.url + path, timeout=120, **content)
        response.raise_for_status()
        return response.json() if response.content else {}


def main(url: str, token: str, backend: str, folder: str) -> dict:
    """Go from an empty project to predictions, and change what was labelled."""
    client, ask, ask_backend = LabelStudio(base_url=url, api_key=token), Asker(url, token), Asker(backend)
    project = client.projects.create(title='mugs', label_config=CONFIG).id
    for path in sorted(Path(folder).glob('*.png')):
        ask('POST', f'/api/projects/{project}/import', files={path.name: path.open('rb')})
    first, *others = sorted(task.id for task in client.tasks.list(project=project))
    connected = client.ml.create(url=backend, project=project, title='mmosis', is_interactive=True)
    context = dict(task=first, context=dict(result=[BOX]))
    interactive = ask('POST', f'/api/ml/{connected.id}/interactive-annotating', json=context)

    def predict_others(expected: int) -> list:
        """Wait until the bank has so many references, then predict the other tasks."""
        wait_for(ask_backend, f'label-studio-{project}', expected)
        ids = dict(selectedItems=dict(all=False, included=others))
        ask('POST', f'/api/dm/actions?id=retrieve_tasks_predictions&project={project}', json=ids)
        return [ask('GET', f'/api/predictions/?task={task}')[-1] for task in others]

    made = client.annotations.create(id=first, result=[BOX])
    after_one = predict_others(1)
    client.annotations.update(id=made.id, result=[BOX, BOX])
    after_two = predict_others(2)
    client.annotations.delete(id=made.id)
    wait_for(ask_backend, f'label-studio-{project}', 0)
    return dict(
        state=str(client.ml.get(connected.id).state), hooks=ask('GET', f'/api/webhooks/?project={project}'),
        interactive=interactive, after_one=after_one, after_two=after_two,
    )  # fmt: skip


def wait_for(ask_backend: Asker, bank: str, references: int) -> None:
    """Wait until a bank has so many references."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        names = [each['name'] for each in ask_backend('GET', '/banks')['banks']]
        content = ask_backend.session.get(f'{ask_backend.url}/banks/{bank}').content if bank in names else b''
        if content.count(b'Label Studio annotation') == references:
            return
        time.sleep(0.2)
    raise TimeoutError(f'{bank} has not come to {references} references')


if __name__ == '__main__':
    print(json.dumps(main(*sys.argv[1:])))
