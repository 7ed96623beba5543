"""Search of many images: which ones, what goes on where it was stopped, and what is written."""
