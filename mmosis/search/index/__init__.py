"""The index of a library of images, which ranks them by whether they are worth a search."""
