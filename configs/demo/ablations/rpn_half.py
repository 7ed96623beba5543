# Does the RPN need its channels? It is the largest single cost of a reference; here it has half of them.
_base_ = './baseline.py'

model = dict(rpn_head=dict(feat_channels=32))
