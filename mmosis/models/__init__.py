from mmosis.compat import prepare

prepare()

from .backbones import *
from .data_preprocessors import *
from .dense_heads import *
from .detectors import *
from .layers import *
from .losses import *
from .necks import *
from .relations import *
from .roi_heads import *
from .task_modules import *
from .weight_init import *
