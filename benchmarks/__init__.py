"""What ``tools/analysis_tools/benchmark.py`` measures, one thing a module; each gives a :class:`Measured`."""
