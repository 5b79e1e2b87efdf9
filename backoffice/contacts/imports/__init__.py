"""Imports: what is stored of lists and of how far their import is; the room of consent reads and commits them."""
