"""Contacts from files, every row with its outcome.

uploads      files on their way in                 starting    an import, asked for and checked
layout       what kind of file it is               survey      a look through it before anything is written
workbook     a sheet, made CSV                     reader      rows, with the line that each begins on
mapping      which column goes where               suggesting  which one probably should
cells        what stands in a cell                 values      what is stored of it
matching     whose row it is, row after row        lookup      the contacts that it can be
differences  the statement that writes             merge       a chunk, written
running      chunk after chunk                     report      the rows that came to nothing
undo         all of it, taken back                 leftovers   what is swept away
"""
