"""Analyses of tests and searches: what the tools in ``tools/analysis_tools/`` share."""

from mmosis.compat import prepare

prepare()
