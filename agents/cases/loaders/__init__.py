"""Loaders: clinical cases out of the files and packages that hold them, as `Case` records."""
