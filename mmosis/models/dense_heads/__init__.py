from .class_agnostic_rpn_head import ClassAgnosticRPNHead
from .composed_rpn_head import ComposedMatcher, ComposedRPNHead

__all__ = ['ClassAgnosticRPNHead', 'ComposedMatcher', 'ComposedRPNHead']
