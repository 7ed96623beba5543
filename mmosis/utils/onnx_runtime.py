"""ONNX Runtime, imported here for all of mmosis: without its telemetry.

Version 1.32 writes an id of the device below ``~/.cache/Microsoft`` when it is imported, and seconds later looks up a
host to send events to. Only this variable stops both, and only if it is set before the import; its
``disable_telemetry_events`` comes too late. Who sets the variable to something else has decided otherwise.
"""

import os

os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')

import onnxruntime

__all__ = ['onnxruntime']
