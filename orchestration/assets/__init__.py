"""The assets, one module per stretch of the way: landing, warehouse, identity register, serving."""
