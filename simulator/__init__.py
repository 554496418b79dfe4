"""Many real processes edit one real `go.mod`; from the recorded history a checker says whether anything was lost.

Run it as `python -m simulator --workers 32`.
"""
