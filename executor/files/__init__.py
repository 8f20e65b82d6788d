"""Folders and files: where workflows name them, what lies there, hashes of their content."""
