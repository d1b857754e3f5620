"""The command line: one module per room, assembled in ``main.py``."""
