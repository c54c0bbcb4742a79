"""Imports of contacts from files. Every row gets an outcome: created, updated, unchanged, skipped or rejected.

uploads      receives a file                            start        checks the request and queues a job
layout       encoding, delimiter, header of a file      inspection   checks a whole file and counts its rows
workbook     converts an .xlsx sheet to CSV             reader       reads the rows of a CSV
mapping      which column goes into which field         suggestions  proposes a field for each column
values       turns cells into stored values             matching     finds the contact of each row
lookup       loads the contacts that rows may match     differences  builds the statement that updates contacts
merge        writes a chunk of rows                     run          runs an import, chunk after chunk
report       the skipped and rejected rows as CSV       undo         takes an import back
"""
