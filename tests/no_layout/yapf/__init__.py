"""Stands for yapf in processes that tests start: configs are logged and written as they come, since laying one out
takes a second, and a training does it for each log, copy and checkpoint.
"""

__version__ = '0.43.0'
