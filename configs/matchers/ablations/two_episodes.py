# What is a second category an image worth, with half as many images a step?
_base_ = './baseline.py'

train_dataloader = dict(batch_size=4, dataset=dict(num_episodes=2))
