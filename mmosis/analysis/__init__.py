"""What the analysis tools share: searches of annotated folders and what is said of them, and the report on a test."""

from mmosis.compat import prepare

prepare()
