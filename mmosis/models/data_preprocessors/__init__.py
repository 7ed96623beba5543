from .one_shot import OneShotDataPreprocessor

__all__ = ['OneShotDataPreprocessor']
