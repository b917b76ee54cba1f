"""Rendered frames into a movie, as one step of a job: ``python -m rendermill.renderers.encode --help``.

The wheel of PyAV carries the encoder x264, which is under the GPL. ``movie`` is therefore only ever run in a
process of its own, by ``__main__``: nothing else of Rendermill imports it.
"""
