"""What is long, needs root, or hurts: benchmarks, and peers of other languages."""
