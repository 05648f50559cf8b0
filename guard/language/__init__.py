"""In which words, numbers and times a person reads what the guard says.

English stands in the code; every other language is a folder of gettext catalogues (`ja/*.po`), one file for each room
that speaks. `Speech` is one person's way of reading: language, number format and time zone.
"""
