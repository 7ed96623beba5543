from .margin_ranking_loss import MarginRankingLoss

__all__ = ['MarginRankingLoss']
