"""The simulator again and again: is each sound locker found VALID, and each wrong one INVALID, every time?"""
