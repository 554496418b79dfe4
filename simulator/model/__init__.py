"""What would happen past this machine: a discrete-event model of workers, their lock, and the cores they share.

    laws         what holds of any closed system: no events, no chance
    parameters   what the model is fed with, and how that grows with the number of workers
    queues       who gets a lock next, as the kernel decides it: flock(2), and the byte that is our turnstile
    cores        who runs: a few cores, and one queue of those who could
    crowd        what workers do, and what becomes of that: the same `History` that a real run leaves
    calibration  from real runs of few workers to parameters
    prediction   predicted beside measured, and what that says about the rest

Only `crowd` needs simpy.
"""
