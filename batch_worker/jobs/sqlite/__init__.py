"""The job store in one SQLite file: who may write, what the tables are, what each promise is in SQL.

`store.py` beside this package opens it. Callers, workers and housekeeping have a module each; every write is a unit of
work for the one `Writer`, every read goes over a connection of its own that cannot write.
"""
