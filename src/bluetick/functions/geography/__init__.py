"""Computations on the Earth's surface: points, cells, lines and polygons. Loaded when a query needs them."""
