"""Analyses of tests and searches: the common parts of the tools in ``tools/analysis_tools/``."""
