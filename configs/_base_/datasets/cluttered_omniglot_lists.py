# Cluttered Omniglot with other characters held out than every fourth: the folder lists them.
_base_ = './cluttered_omniglot.py'

classes = dict(split=None, background_classes='background.txt', one_shot_classes='one_shot.txt')
train_dataloader = dict(dataset=dict(**classes))
test_dataloader = dict(dataset=dict(**classes))
