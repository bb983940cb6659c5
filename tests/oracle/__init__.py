"""Independent readers of raw files: what a transform must say, worked out without DuckDB.

They use csv, json, xml.etree, zipfile, zoneinfo and decimal only, row by row and slowly, so that a mistake
would have to be made twice in two languages to go unseen.
"""
