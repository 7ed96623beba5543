_base_ = './cross_attention_augmented_demo_s1.py'

split = 2
train_dataloader = dict(dataset=dict(split=split))
test_dataloader = dict(dataset=dict(split=split))
