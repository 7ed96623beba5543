from .episode_random_sampler import EpisodeRandomSampler

__all__ = ['EpisodeRandomSampler']
