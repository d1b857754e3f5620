"""How the content of a table is fetched: one module per extraction mode of the registry.

Each turns a session and a table into one committed batch. Add a mode here when its batches are made
otherwise. Keep out: technologies (``connectors/``), change streams (``highway/``), and what makes
a batch true (``attempt.py``).
"""
