# Are more references a matter of testing, or should the model train with them too? Here an episode has five in both.
_base_ = './baseline.py'

num_references = 5
train_dataloader = dict(dataset=dict(num_references=num_references))
test_dataloader = dict(dataset=dict(num_references=num_references))
