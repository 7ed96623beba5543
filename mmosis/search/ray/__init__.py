"""Search of many images by Ray, on one machine or several."""
