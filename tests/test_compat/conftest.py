"""Makes mmcv complete before a test module imports it."""

import mmosis  # noqa: F401
