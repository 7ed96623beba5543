from .class_agnostic_rpn_head import ClassAgnosticRPNHead

__all__ = ['ClassAgnosticRPNHead']
