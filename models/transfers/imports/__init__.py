"""Imports of contacts from files. Every row gets an outcome: created, updated, unchanged, skipped or rejected.

uploads      receives a file                            start        checks the request and queues a job
layout       encoding, delimiter, header of a file      inspection   checks a whole file and counts its rows
reader       reads the rows of a CSV                    mapping      which column goes into which field
suggestions  suggests a field for each column           values       turns cells into stored values
lookup       loads the contacts that rows may match     matching     finds the contact of each row
differences  builds the statement for updates           merge        writes a chunk of rows
run          runs an import, chunk after chunk          report       the skipped and rejected rows as CSV
undo         undoes an import                           tag_spelling gives tags the workspace's spelling
"""
