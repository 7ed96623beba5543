"""The index of a library of pictures, which tells which of them are worth a search."""
